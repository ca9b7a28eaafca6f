package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bubble that ends with a goroutine left over fails, so every test here also shows that none is.

// deadLetters keeps what a MemoryQueue gave up.
type deadLetters struct {
	mu   sync.Mutex
	list []openwork.Delivery
	errs []error
}

func (l *deadLetters) add(d openwork.Delivery, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list, l.errs = append(l.list, d), append(l.errs, err)
}

// ids are the IDs of what was given up so far.
func (l *deadLetters) ids() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ids(l.list)
}

// settle lets fake time pass, and what is due be done.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// shutdownWithin ends a queue in fake time.
func shutdownWithin(q *openwork.MemoryQueue, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return q.Shutdown(ctx)
}

func TestH5_ClientHangsUpDuringEnqueue(t *testing.T) {
	for name, hangUp := range map[string]time.Duration{"before": 0, "during": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &keptQueue{}
				f := newFixture(t, func(cfg *openwork.Config) {
					cfg.Queue = queueFunc(func(ctx context.Context, d openwork.Delivery) error {
						select {
						case <-time.After(300 * time.Millisecond):
							return kept.Enqueue(ctx, d)
						case <-ctx.Done():
							return ctx.Err()
						}
					})
				})
				ctx, cancel := context.WithCancel(context.Background())
				if hangUp == 0 {
					cancel()
				}
				defer time.AfterFunc(hangUp, cancel).Stop()
				f.requireSuccess(newPush(command("create_auth", "AuthCode", "c")).request().WithContext(ctx))
				require.ErrorIs(t, ctx.Err(), context.Canceled)
				require.Len(t, kept.all(), 1)
			})
		})
	}
}

func TestH8_QueueDownFrozenSlowFull(t *testing.T) {
	rows := map[string]struct {
		enqueue       func(ctx context.Context, thaw <-chan struct{}) error
		status        int
		least, atMost time.Duration
	}{
		"in order": {func(context.Context, <-chan struct{}) error { return nil }, 200, 0, 0},
		"down":     {func(context.Context, <-chan struct{}) error { return errors.New("connection refused") }, 500, 0, 0},
		"full":     {func(context.Context, <-chan struct{}) error { return openwork.ErrQueueFull }, 503, 0, 0},
		"frozen": {func(ctx context.Context, _ <-chan struct{}) error { <-ctx.Done(); return ctx.Err() }, 500,
			500 * time.Millisecond, 600 * time.Millisecond},
		"frozen, deaf to its context": {func(_ context.Context, thaw <-chan struct{}) error { <-thaw; return nil }, 500,
			500 * time.Millisecond, 600 * time.Millisecond},
		"slow": {func(context.Context, <-chan struct{}) error { time.Sleep(400 * time.Millisecond); return nil }, 200,
			400 * time.Millisecond, 400 * time.Millisecond},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				thaw := make(chan struct{})
				defer close(thaw)
				f := newFixture(t, func(cfg *openwork.Config) {
					cfg.Queue = queueFunc(func(ctx context.Context, _ openwork.Delivery) error { return row.enqueue(ctx, thaw) })
				})
				began := time.Now()
				w := f.do(newPush(command("create_auth", "AuthCode", "c")).request())
				took := time.Since(began)
				require.Equal(t, row.status, w.Code)
				require.Equal(t, row.status == 200, w.Body.String() == "success")
				require.GreaterOrEqual(t, took, row.least)
				require.LessOrEqual(t, took, row.atMost)
				require.Empty(t, f.handledNames())
			})
		})
	}
}

func TestH9_EnqueueTimedOutButStored(t *testing.T) {
	for name, handledBefore := range map[string]bool{"retry while it waits": false, "retry after it was handled": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{})
				slow := true
				f := newFixture(t, func(cfg *openwork.Config) {
					cfg.Queue = queueFunc(func(ctx context.Context, d openwork.Delivery) error {
						err := q.Enqueue(ctx, d)
						if slow {
							<-ctx.Done()
							return ctx.Err()
						}
						return err
					})
				})
				if handledBefore {
					q.Start(f.Process)
				}
				p := newPush(command("create_auth", "AuthCode", "c"))
				require.Equal(t, http.StatusInternalServerError, f.do(p.request()).Code)
				synctest.Wait()
				slow = false
				p.Nonce = "77"
				f.requireSuccess(p.request())
				if !handledBefore {
					require.Equal(t, 1, q.Depth(), "the queue must drop the copy")
					q.Start(f.Process)
				}
				require.NoError(t, shutdownWithin(q, time.Minute))
				require.Equal(t, []string{"create_auth"}, f.handledNames())
			})
		})
	}
}

func TestH11_HandlerThatAlwaysFails(t *testing.T) {
	boom := errors.New("boom")
	rows := map[string]func() error{
		"error": func() error { return boom },
		"panic": func() error { panic(boom) },
	}
	for name, fail := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dead deadLetters
				q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 1, Attempts: 4, DeadLetter: dead.add})
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
				tries, handled := map[string]int{}, map[string]time.Duration{}
				began := time.Now()
				f.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					tries[msg.CorpID]++
					if msg.CorpID == "wpbad" && msg.Get("State") == "0" {
						return openwork.Success, fail()
					}
					handled[msg.CorpID+msg.Get("State")] = time.Since(began)
					return next(msg)
				})
				for i := range 3 {
					for _, corp := range []string{"wpbad", "wpgood1", "wpgood2"} {
						f.requireSuccess(newPush(corpCommand(corp, "change_auth", "State", strconv.Itoa(i))).request())
					}
				}
				q.Start(f.Process)
				settle(time.Hour)
				for _, good := range []string{"wpgood10", "wpgood12", "wpgood20", "wpgood22"} {
					at, ok := handled[good]
					require.True(t, ok, "%s was not handled", good)
					require.Zero(t, at, "%s was kept waiting", good)
				}
				require.Len(t, dead.list, 1)
				require.Equal(t, "wpbad", dead.list[0].CorpID)
				require.Contains(t, string(dead.list[0].Plaintext), "<State><![CDATA[0]]>")
				require.ErrorIs(t, dead.errs[0], boom, "the reason must be kept")
				require.Equal(t, 4+2, tries["wpbad"])
				require.Contains(t, handled, "wpbad2", "the next deliveries of the corp follow")
				require.NoError(t, shutdownWithin(q, time.Minute))
			})
		})
	}
}

// A create_auth names no corp, so each may be another corp's: it waits for no other, and none waits for it.
func TestH11_DeliveriesWithoutACorpWaitForNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 1, Attempts: 3, DeadLetter: dead.add})
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
		began, handled := time.Now(), map[string]time.Duration{}
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			assert.Empty(t, msg.CorpID)
			if msg.Get("State") == "bad" {
				return openwork.Success, errors.New("no")
			}
			handled[msg.Name()] = time.Since(began)
			return next(msg)
		})
		createAuth := func(authCode, state string) *http.Request {
			return newPush(document("SuiteId", testSuiteID, "AuthCode", authCode, "InfoType", "create_auth",
				"TimeStamp", strconv.FormatInt(testNow.Unix(), 10), "State", state)).request()
		}
		for i := range 5 {
			f.requireSuccess(createAuth(strconv.Itoa(i), "bad"))
		}
		f.requireSuccess(createAuth("5", "good"))
		f.requireSuccess(newPush(ticketXML(testSuiteID, "ticket", testNow)).request())
		q.Start(f.Process)
		settle(time.Hour)
		require.Equal(t, map[string]time.Duration{"create_auth": 0, "suite_ticket": 0}, handled)
		require.Len(t, dead.list, 5)
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

// A corp that fails must not fill the queue for the others; what was refused meanwhile is taken when it is sent again.
func TestH11_FailingCorpHoldsHalfOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const capacity = 100
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Capacity: capacity, Backoff: time.Minute})
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
		var failing atomic.Bool
		failing.Store(true)
		f.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			if msg.CorpID == "wpbad" && failing.Load() {
				return openwork.Success, errors.New("no")
			}
			return next(msg)
		})
		send := func(corp string, n int) int {
			return f.do(newPush(corpCommand(corp, "change_auth", "State", strconv.Itoa(n))).request()).Code
		}
		q.Start(f.Process)
		require.Equal(t, 200, send("wpbad", 0))
		synctest.Wait() // now it has failed once
		taken := 1
		for n := 1; n < capacity; n++ {
			switch code := send("wpbad", n); code {
			case 200:
				taken++
			default:
				require.Equal(t, 503, code)
			}
		}
		require.Equal(t, capacity/2, taken)
		require.Equal(t, taken, q.Depth())
		for n := range 200 {
			require.Equal(t, 200, send("wpgood"+strconv.Itoa(n), n))
			synctest.Wait()
		}
		failing.Store(false)
		settle(5 * time.Minute)
		require.Zero(t, q.Depth())
		before := len(f.handledNames())
		for n := taken; n < 2*taken; n++ {
			require.Equal(t, 200, send("wpbad", n))
		}
		synctest.Wait()
		require.Len(t, f.handledNames(), before+taken)
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

// A handler may have got an error of this package elsewhere: that says nothing about the delivery.
func TestH11_HandlerErrorIsNotTakenForAnUnreadableDelivery(t *testing.T) {
	for _, cause := range []error{openwork.ErrMalformed, openwork.ErrUnknownApp} {
		t.Run(cause.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dead deadLetters
				q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add})
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
				fail := true
				f.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					if fail {
						fail = false
						return openwork.Success, fmt.Errorf("another system: %w", cause)
					}
					return next(msg)
				})
				f.requireSuccess(newPush(command("change_auth")).request())
				q.Start(f.Process)
				settle(time.Minute)
				require.NoError(t, shutdownWithin(q, time.Minute))
				require.Empty(t, dead.list, "it was given up after one attempt")
				require.Len(t, f.handledNames(), 2)
			})
		})
	}
}

// What can't be read never will be; an app that is unknown may be known soon.
func TestMemoryQueue_GivesUpAtOnceOnlyWhatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add})
		unreadable, foreign := delivered(testCorp, "unreadable"), delivered(testCorp, "foreign")
		unreadable.Plaintext, foreign.App = []byte("no XML"), "another"
		f := newFixture(t)
		q.Start(f.Process)
		for _, d := range []openwork.Delivery{unreadable, foreign, delivered(testCorp, "good")} {
			require.NoError(t, q.Enqueue(context.Background(), d))
		}
		synctest.Wait()
		require.Equal(t, []string{"unreadable"}, dead.ids())
		settle(5 * time.Minute)
		require.ElementsMatch(t, []string{"unreadable", "foreign"}, dead.ids())
		require.Len(t, f.handledNames(), 1)
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

// A corp that goes on failing goes on holding no more, whichever of its deliveries is being tried.
func TestH11_CorpThatGoesOnFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Capacity: 100, Attempts: 1, DeadLetter: dead.add})
		q.Start(func(context.Context, openwork.Delivery) error { time.Sleep(time.Second); return errors.New("no") })
		require.NoError(t, q.Enqueue(context.Background(), delivered("bad", "first")))
		settle(time.Second)
		for i := range 1000 {
			if i%100 == 0 {
				settle(time.Second)
			}
			_ = q.Enqueue(context.Background(), delivered("bad", strconv.Itoa(i)))
			require.LessOrEqual(t, q.Depth(), 50)
		}
		require.NoError(t, q.Enqueue(context.Background(), delivered("good", "1")))
		require.NoError(t, shutdownWithin(q, time.Hour))
	})
}

// An app that is removed from a Mux and added again, as to change its Config, loses nothing of what waits.
func TestMemoryQueue_AppRemovedAndAddedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add})
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
		var m openwork.Mux
		m.Add("/", f.Server)
		require.Equal(t, 200, throughMux(&m, "/", newPush(command("change_auth")).request()).Code)
		m.Remove(testSuiteID)
		q.Start(m.Process)
		synctest.Wait()
		require.Empty(t, f.handledNames())
		m.Add("/", f.Server)
		settle(time.Minute)
		require.Equal(t, []string{"change_auth"}, f.handledNames())
		require.Empty(t, dead.list)
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

func TestMemoryQueue_Bounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Capacity: 3, Workers: 1})
		for i := range 3 {
			require.NoError(t, q.Enqueue(ctx, delivered("c", strconv.Itoa(i))))
		}
		require.ErrorIs(t, q.Enqueue(ctx, delivered("c", "3")), openwork.ErrQueueFull)
		require.ErrorIs(t, q.Enqueue(ctx, delivered("other", "3")), openwork.ErrQueueFull, "the bound is of all lanes together")
		require.NoError(t, q.Enqueue(ctx, delivered("c", "1")), "what it has counts as taken, full or not")
		require.Equal(t, 3, q.Depth())
		var handled []string
		q.Start(func(_ context.Context, d openwork.Delivery) error {
			time.Sleep(time.Second)
			handled = append(handled, d.ID)
			return nil
		})
		synctest.Wait()
		require.ErrorIs(t, q.Enqueue(ctx, delivered("c", "3")), openwork.ErrQueueFull, "what is being handled counts")
		settle(1100 * time.Millisecond)
		require.NoError(t, q.Enqueue(ctx, delivered("c", "3")), "there is room again")
		ended, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, q.Enqueue(ended, delivered("c", "4")), context.Canceled)
		require.NoError(t, shutdownWithin(q, time.Minute))
		require.Equal(t, []string{"0", "1", "2", "3"}, handled)
		require.Zero(t, q.Depth())
	})
}

func TestMemoryQueue_OrderPerAppAndCorp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const apps, corps, each = 2, 5, 40
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 32, Attempts: 3, Backoff: time.Millisecond})
		var mu sync.Mutex
		order, running, tries, together := map[string][]int{}, map[string]int{}, map[string]int{}, 0
		q.Start(func(_ context.Context, d openwork.Delivery) error {
			key := d.App + d.CorpID
			n, err := strconv.Atoi(d.Name)
			if err != nil {
				return err
			}
			mu.Lock()
			running[key]++
			overlap := running[key] > 1
			together = max(together, len(running))
			tries[d.ID]++
			failing := n%3 == 1 && tries[d.ID] < 3
			mu.Unlock()
			time.Sleep(time.Duration(n%4) * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if running[key]--; running[key] == 0 {
				delete(running, key)
			}
			if overlap {
				order[key] = append(order[key], -1)
			}
			if failing {
				return errors.New("again")
			}
			order[key] = append(order[key], n)
			return nil
		})
		var want []int
		for n := range each {
			want = append(want, n)
			for a := range apps {
				for c := range corps {
					id := fmt.Sprintf("%d.%d.%d", a, c, n)
					require.NoError(t, q.Enqueue(context.Background(), openwork.Delivery{ID: id, App: fmt.Sprint("app", a),
						CorpID: fmt.Sprint("corp", c), Name: strconv.Itoa(n)}))
				}
			}
			time.Sleep(time.Millisecond / 2)
		}
		settle(time.Hour)
		require.NoError(t, shutdownWithin(q, time.Minute))
		require.Len(t, order, apps*corps)
		for key, got := range order {
			require.Equal(t, want, got, key)
		}
		require.Equal(t, 3, tries["0.0.1"])
		require.Equal(t, apps*corps, together, "lanes must run side by side")
	})
}

func TestMemoryQueue_DropsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 4, Backoff: time.Minute})
		var mu sync.Mutex
		tries := map[string]int{}
		triesOf := func(id string) int {
			mu.Lock()
			defer mu.Unlock()
			return tries[id]
		}
		copyOf := func(when string) {
			require.NoError(t, q.Enqueue(ctx, delivered("c", "1")), when)
			require.Equal(t, 1, q.Depth(), when)
		}
		copyOf("first")
		copyOf("while it waits")
		q.Start(func(_ context.Context, d openwork.Delivery) error {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if tries[d.ID]++; tries[d.ID] == 1 && d.ID != "" {
				return errors.New("again")
			}
			return nil
		})
		synctest.Wait()
		copyOf("while it is handled")
		settle(2 * time.Second)
		copyOf("while it waits for its next attempt")
		require.Equal(t, 1, triesOf("1"))
		settle(5 * time.Minute)
		require.Equal(t, 2, triesOf("1"))
		require.Zero(t, q.Depth())
		copyOf("after it was handled: that is for the claim to find")
		settle(5 * time.Minute)
		require.Equal(t, 3, triesOf("1"))
		require.NoError(t, q.Enqueue(ctx, delivered("c", "")))
		require.NoError(t, q.Enqueue(ctx, delivered("c", "")))
		require.Equal(t, 2, q.Depth(), "without an ID nothing is a copy")
		require.NoError(t, shutdownWithin(q, time.Minute))
		require.Equal(t, 2, triesOf(""))
	})
}

func TestMemoryQueue_SurvivesWhatProcessDoes(t *testing.T) {
	rows := map[string]func(){
		"panic":       func() { panic("broken") },
		"panic error": func() { panic(errors.New("broken")) },
		"abort":       func() { panic(http.ErrAbortHandler) },
		"nil deref":   func() { var m *openwork.Message; _ = m.Name() },
		"Goexit":      runtime.Goexit,
		"an error":    nil,
	}
	for name, misbehave := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dead deadLetters
				q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 1, Attempts: 3, DeadLetter: dead.add})
				tries := map[string]int{}
				q.Start(func(_ context.Context, d openwork.Delivery) error {
					tries[d.ID]++
					if d.ID == "never" || d.ID == "later" && tries[d.ID] == 1 {
						if misbehave != nil {
							misbehave()
						}
						return errors.New("failed")
					}
					return nil
				})
				for _, id := range []string{"never", "later", "good"} {
					require.NoError(t, q.Enqueue(context.Background(), delivered("c", id)))
				}
				require.NoError(t, q.Enqueue(context.Background(), delivered("other", "other")))
				settle(time.Hour)
				require.NoError(t, shutdownWithin(q, time.Minute), "it did not drain")
				require.Equal(t, map[string]int{"never": 3, "later": 2, "good": 1, "other": 1}, tries)
				require.Equal(t, []string{"never"}, ids(dead.list))
				require.NotErrorIs(t, dead.errs[0], openwork.ErrQueueClosed)
			})
		})
	}
}

func TestMemoryQueue_BackoffDoublesWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const attempts, lanes = 10, 4
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: attempts, Backoff: time.Second, DeadLetter: dead.add})
		var mu sync.Mutex
		at := map[string][]time.Time{}
		q.Start(func(_ context.Context, d openwork.Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			at[d.CorpID] = append(at[d.CorpID], time.Now())
			return fmt.Errorf("attempt %d", len(at[d.CorpID]))
		})
		for i := range lanes {
			require.NoError(t, q.Enqueue(context.Background(), delivered(strconv.Itoa(i), strconv.Itoa(i))))
		}
		settle(time.Hour)
		require.Len(t, dead.list, lanes)
		for _, err := range dead.errs {
			require.EqualError(t, err, "attempt "+strconv.Itoa(attempts), "the last error is the reason")
		}
		firstPauses := map[time.Duration]bool{}
		for _, times := range at {
			require.Len(t, times, attempts)
			firstPauses[times[1].Sub(times[0])] = true
			for i := 1; i < len(times); i++ {
				pause, want := times[i].Sub(times[i-1]), min(time.Second<<(i-1), time.Minute)
				require.GreaterOrEqual(t, pause, want*3/4, "before attempt %d", i+1)
				require.LessOrEqual(t, pause, want*5/4, "before attempt %d", i+1)
			}
		}
		require.Greater(t, len(firstPauses), 1, "all lanes come back at one time")
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

func TestMemoryQueue_ShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 2, Backoff: time.Hour, DeadLetter: dead.add})
		var mu sync.Mutex
		tries := map[string]int{}
		q.Start(func(_ context.Context, d openwork.Delivery) error {
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if tries[d.ID]++; d.ID == "retried" && tries[d.ID] < 3 {
				return errors.New("again")
			}
			return nil
		})
		require.NoError(t, q.Enqueue(context.Background(), delivered("r", "retried")))
		time.Sleep(time.Second) // now it waits for an hour, unless the queue ends
		for i := range 20 {
			require.NoError(t, q.Enqueue(context.Background(), delivered(strconv.Itoa(i%5), strconv.Itoa(i))))
		}
		began := time.Now()
		ended := make(chan error)
		go func() { ended <- q.Shutdown(context.Background()) }()
		synctest.Wait()
		require.ErrorIs(t, q.Enqueue(context.Background(), delivered("c", "late")), openwork.ErrQueueClosed)
		require.NoError(t, <-ended)
		require.Less(t, time.Since(began), 5*time.Second)
		require.Len(t, tries, 21)
		require.Equal(t, 3, tries["retried"])
		require.Empty(t, dead.list)
		require.Zero(t, q.Depth())
		require.NoError(t, q.Shutdown(context.Background()), "a second call")
	})
}

func TestMemoryQueue_ShutdownRunsOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 1, Backoff: time.Hour, DeadLetter: dead.add})
		cancelled := 0
		q.Start(func(ctx context.Context, d openwork.Delivery) error {
			if d.CorpID == "fails" {
				return errors.New("again")
			}
			<-ctx.Done()
			cancelled++
			return ctx.Err()
		})
		for _, corp := range []string{"fails", "stuck", "stuck2"} {
			for i := range 3 {
				require.NoError(t, q.Enqueue(context.Background(), delivered(corp, corp+strconv.Itoa(i))))
			}
			synctest.Wait()
		}
		second := make(chan error, 1)
		go func() {
			time.Sleep(time.Second)
			second <- shutdownWithin(q, time.Hour)
		}()
		began := time.Now()
		require.ErrorIs(t, shutdownWithin(q, 10*time.Second), context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began), "it waited for too long, or not")
		require.Equal(t, 1, cancelled, "handlers are told, and none is begun any more")
		left := ids(dead.list)
		slices.Sort(left)
		require.Equal(t, []string{"fails0", "fails1", "fails2", "stuck0", "stuck1", "stuck2", "stuck20", "stuck21", "stuck22"}, left)
		for _, err := range dead.errs {
			require.ErrorIs(t, err, openwork.ErrQueueClosed)
		}
		require.Zero(t, q.Depth())
		require.ErrorIs(t, <-second, context.DeadlineExceeded, "what it waited for was not handled either")
		require.Equal(t, 10*time.Second, time.Since(began), "the second call waits for the same end")
		require.ErrorIs(t, shutdownWithin(q, time.Second), context.DeadlineExceeded)
		require.Len(t, dead.list, 9, "handed over once")
	})
}

// What DeadLetter has when the time of Shutdown ends it is not given again, and all who wait for the end hear the same.
func TestMemoryQueue_ShutdownDuringADeadLetter(t *testing.T) {
	for name, limits := range map[string][2]time.Duration{
		"the first caller's time ends":  {time.Second, time.Hour},
		"the second caller's time ends": {time.Hour, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dead deadLetters
				q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: 1, DeadLetter: func(d openwork.Delivery, err error) {
					dead.add(d, err)
					time.Sleep(10 * time.Second)
				}})
				q.Start(func(context.Context, openwork.Delivery) error { return errors.New("no") })
				for _, id := range []string{"1", "2"} {
					require.NoError(t, q.Enqueue(context.Background(), delivered("c", id)))
				}
				synctest.Wait()
				ended := make(chan error, len(limits))
				for _, limit := range limits {
					go func() { ended <- shutdownWithin(q, limit) }()
					synctest.Wait()
				}
				for range time.Minute / time.Second {
					settle(time.Second)
					require.GreaterOrEqual(t, q.Depth(), 0)
				}
				require.ErrorIs(t, <-ended, context.DeadlineExceeded)
				require.ErrorIs(t, <-ended, context.DeadlineExceeded)
				require.Equal(t, []string{"1", "2"}, ids(dead.list))
				require.Zero(t, q.Depth())
			})
		})
	}
}

// A handler that does not listen to its context must not keep the rest from its dead letters, nor the process from its end.
func TestH14_HandlerDeafToItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 1, DeadLetter: dead.add})
		wake := make(chan struct{})
		q.Start(func(context.Context, openwork.Delivery) error { <-wake; return nil })
		require.NoError(t, q.Enqueue(context.Background(), delivered("deaf", "deaf")))
		synctest.Wait()
		require.NoError(t, q.Enqueue(context.Background(), delivered("other", "other")))
		ended := make(chan error, 1)
		go func() { ended <- shutdownWithin(q, 10*time.Second) }()
		settle(12 * time.Second)
		inTime, left := len(ended) == 1, len(dead.list)
		close(wake)
		require.ErrorIs(t, <-ended, context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, 1, left, "what waited was not handed over in time")
		require.Equal(t, "other", dead.list[0].ID)
		require.True(t, inTime, "Shutdown did not return when its time was up")
	})
}

func TestMemoryQueue_ShutdownWithoutStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add})
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		require.Error(t, q.Shutdown(context.Background()), "what it had taken was not handled")
		require.Equal(t, []string{"1"}, ids(dead.list))
		require.ErrorIs(t, dead.errs[0], openwork.ErrQueueClosed)
		require.ErrorIs(t, q.Enqueue(context.Background(), delivered("c", "2")), openwork.ErrQueueClosed)
		require.NoError(t, openwork.NewMemoryQueue(openwork.MemoryQueueConfig{}).Shutdown(context.Background()))
	})
}

func TestMemoryQueue_StartPanics(t *testing.T) {
	process := func(context.Context, openwork.Delivery) error { return nil }
	synctest.Test(t, func(t *testing.T) {
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{})
		require.Panics(t, func() { q.Start(nil) })
		q.Start(process)
		require.Panics(t, func() { q.Start(process) })
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		synctest.Wait()
		require.Zero(t, q.Depth(), "it works on after a panic of Start")
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

func TestMemoryQueue_DeadLetterOfMany(t *testing.T) {
	t.Run("one that panics", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: 1, Workers: 1, Logger: slog.New(slog.DiscardHandler),
				DeadLetter: func(openwork.Delivery, error) { panic("broken") }})
			calls := 0
			q.Start(func(context.Context, openwork.Delivery) error { calls++; return errors.New("failed") })
			for i := range 3 {
				require.NoError(t, q.Enqueue(context.Background(), delivered("c", strconv.Itoa(i))))
			}
			require.NoError(t, shutdownWithin(q, time.Minute))
			require.Equal(t, 3, calls)
		})
	})
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			log := &logBuffer{}
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: 1, Logger: slog.New(slog.NewTextHandler(log, nil))})
			q.Start(func(context.Context, openwork.Delivery) error { return errors.New("the reason") })
			d := delivered(testCorp, "1")
			d.Plaintext = []byte("SECRET")
			require.NoError(t, q.Enqueue(context.Background(), d))
			require.NoError(t, shutdownWithin(q, time.Minute))
			require.Contains(t, log.String(), "the reason")
			require.Contains(t, log.String(), testCorp)
			require.NotContains(t, log.String(), "SECRET")
		})
	})
	// Enqueue returns nil only for what the queue has: what is being given up it has no longer.
	t.Run("one that enqueues again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var q *openwork.MemoryQueue
			again, calls := false, 0
			q = openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: 1, DeadLetter: func(d openwork.Delivery, _ error) {
				again = q.Enqueue(context.Background(), d) == nil
			}})
			q.Start(func(context.Context, openwork.Delivery) error {
				if calls++; calls == 1 {
					return errors.New("failed")
				}
				return nil
			})
			require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
			settle(time.Minute)
			require.NoError(t, shutdownWithin(q, time.Minute))
			if again {
				require.Equal(t, 2, calls, "Enqueue said that it was taken, and it is lost")
			}
		})
	})
}

func TestProcess_TwoWorkersOneDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			time.Sleep(10 * time.Second)
			return next(msg)
		})
		errs := make(chan error, 5)
		for range cap(errs) {
			go func() { errs <- f.Process(context.Background(), delivered(testCorp, "1")) }()
		}
		busy := 0
		for range cap(errs) {
			if err := <-errs; err != nil {
				require.ErrorIs(t, err, openwork.ErrBusy)
				busy++
			}
		}
		require.Equal(t, cap(errs)-1, busy, "a worker does not wait for long: its queue tries again")
		require.Len(t, f.handledNames(), 1)
		require.NoError(t, f.Process(context.Background(), delivered(testCorp, "1")))
		require.Len(t, f.handledNames(), 1)
	})
}

// A worker has no time budget, and its claim outlives the lease as long as the handler runs.
func TestProcess_SlowHandlerRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			select {
			case <-time.After(10 * time.Minute):
			case <-msg.Context().Done():
				return openwork.Success, msg.Context().Err()
			}
			return next(msg)
		})
		first := make(chan error, 1)
		go func() { first <- f.Process(context.Background(), delivered(testCorp, "1")) }()
		for range 5 {
			time.Sleep(time.Minute)
			require.Error(t, f.Process(context.Background(), delivered(testCorp, "1")), "a copy is to be tried later")
		}
		require.NoError(t, <-first)
		require.NoError(t, f.Process(context.Background(), delivered(testCorp, "1")))
		require.Len(t, f.handledNames(), 1)
	})
}
