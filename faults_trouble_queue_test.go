package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ordinary trouble of queues, in fake time.

var errAway = errors.New("the database is away")

// quiet drops what a queue logs.
var quiet = slog.New(slog.DiscardHandler)

// The database is away for a while during a Shutdown of 30 s: nothing that was
// acknowledged is given up.
func TestD1_DatabaseIsAwayDuringShutdown(t *testing.T) {
	for _, away := range []time.Duration{2 * time.Second, 10 * time.Second, 28 * time.Second} {
		for name, config := range map[string]openwork.MemoryQueueConfig{
			"default":            {},
			"two attempts":       {Attempts: 2},
			"a backoff of hours": {Backoff: time.Hour},
			"one worker":         {Workers: 1, Backoff: time.Millisecond},
		} {
			inFakeTime(t, fmt.Sprintf("%v, %s", away, name), func(t *testing.T) {
				var dead deadLetters
				config.DeadLetter, config.Logger = dead.add, quiet
				q := openwork.NewMemoryQueue(config)
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue, cfg.Logger = q, quiet })
				began := time.Now()
				handled := 0
				var mu sync.Mutex
				f.HandleAuthChanged(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
					mu.Lock()
					defer mu.Unlock()
					if time.Since(began) < away {
						return openwork.Success, errAway
					}
					handled++
					return openwork.Success, nil
				})
				const pushes = 50
				for i := range pushes {
					f.requireSuccess(newPush(corpCommand("wp"+strconv.Itoa(i), "change_auth")).request())
				}
				q.Start(f.Process)
				require.NoError(t, shutdownWithin(q, 30*time.Second))
				require.Equal(t, pushes, handled)
				require.Empty(t, dead.ids())
				require.Less(t, time.Since(began), away+2*time.Second, "it is tried again soon")
			})
		}
	}
	inFakeTime(t, "away for longer", func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add, Logger: quiet})
		q.Start(func(context.Context, openwork.Delivery) error { return errAway })
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		began := time.Now()
		require.ErrorIs(t, shutdownWithin(q, 30*time.Second), context.DeadlineExceeded)
		require.Less(t, time.Since(began), 32*time.Second)
		require.Equal(t, []string{"1"}, dead.ids())
	})
	inFakeTime(t, "a context that never ends", func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add, Logger: quiet})
		q.Start(func(context.Context, openwork.Delivery) error { return errAway })
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		require.NoError(t, q.Shutdown(context.Background()))
		require.ErrorIs(t, dead.errs[0], errAway, "its attempts ran out")
	})
}

// One corp sends 100 pushes a second, and its handlers are slow, hang or fail:
// nobody else notices.
func TestD2_CorpThatIsSlowShutsOutNobody(t *testing.T) {
	for name, handler := range map[string]func(ctx context.Context) error{
		"slow":  func(context.Context) error { time.Sleep(5 * time.Second); return nil },
		"hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"fails": func(context.Context) error { return errAway },
	} {
		for _, bad := range []int{1, 3} {
			inFakeTime(t, fmt.Sprintf("%d corps, %s", bad, name), func(t *testing.T) {
				q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Capacity: 1000, Logger: quiet,
					DeadLetter: func(openwork.Delivery, error) {}})
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue, cfg.Logger = q, quiet })
				var others atomic.Int64
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					if strings.HasPrefix(msg.CorpID, "wpbad") {
						return openwork.Success, handler(msg.Context())
					}
					others.Add(1)
					return next(msg)
				})
				q.Start(f.Process)
				sent, refused := 0, 0
				for n := range 6000 { // a minute
					for b := range bad {
						w := f.do(newPush(corpCommand("wpbad"+strconv.Itoa(b), "change_contact", "N", strconv.Itoa(n))).request())
						if w.Code == http.StatusServiceUnavailable {
							refused++
						}
					}
					if n%10 == 0 {
						sent += 2
						f.requireSuccess(newPush(corpCommand(fmt.Sprintf("wpgood%d", n%7), "change_contact", "N", strconv.Itoa(n))).request())
						f.requireSuccess(newPush(document("SuiteId", testSuiteID, "InfoType", "create_auth", "AuthCode", strconv.Itoa(n),
							"TimeStamp", "1700000000")).request())
					}
					settle(10 * time.Millisecond)
				}
				require.EqualValues(t, sent, others.Load(), "taken and handled")
				require.Positive(t, refused, "this shows nothing: they were never too many")
				_ = shutdownWithin(q, time.Second)
				time.Sleep(time.Minute) // the last of the slow
			})
		}
	}
}

// Two workers of two replicas have the same delivery, and one handles it for
// long: that is no failure of the other.
func TestD10_CopyThatIsHandledElsewhere(t *testing.T) {
	for name, claimer := range claimersToTry {
		inFakeTime(t, name, func(t *testing.T) {
			shared := openwork.NewMemoryCache()
			var dead deadLetters
			seen := &observations{}
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add, Attempts: 3})
			one := newFixture(t, withClaims(claimer(shared)))
			two := newFixture(t, withClaims(claimer(shared)), seen.watch)
			one.slow(10*time.Minute, nil)
			go func() { assert.NoError(t, one.Process(context.Background(), delivered("c", "1"))) }()
			synctest.Wait()
			q.Start(two.Process)
			require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
			require.NoError(t, q.Enqueue(context.Background(), delivered("c", "next")))
			settle(9 * time.Minute)
			require.Empty(t, two.handledNames())
			require.Equal(t, 2, q.Depth())
			require.Empty(t, dead.ids())
			require.Empty(t, seen.take(), "it was no attempt")
			require.NotContains(t, two.log.String(), "level=ERROR")
			settle(65 * time.Second)
			require.Len(t, two.handledNames(), 1, "the next of the corp waits no longer than the claim")
			require.Zero(t, q.Depth())
			require.Empty(t, dead.ids())
			require.NoError(t, shutdownWithin(q, time.Minute))
		})
	}
	inFakeTime(t, "and it fails there", func(t *testing.T) {
		shared := openwork.NewMemoryCache()
		one, two := newFixture(t, withClaims(shared)), newFixture(t, withClaims(shared))
		one.slow(time.Minute, errAway)
		go func() { assert.Error(t, one.Process(context.Background(), delivered("c", "1"))) }()
		synctest.Wait()
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{})
		q.Start(two.Process)
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		settle(65 * time.Second)
		require.Len(t, two.handledNames(), 1)
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
	inFakeTime(t, "a handler's own ErrBusy is a failure", func(t *testing.T) {
		var dead deadLetters
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add, Attempts: 2})
		f := newFixture(t)
		f.slow(0, fmt.Errorf("another system: %w", openwork.ErrBusy))
		q.Start(f.Process)
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		settle(time.Minute)
		require.Equal(t, []string{"1"}, dead.ids())
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

func TestD11_WhatIsLeftAtTheEndOfShutdown(t *testing.T) {
	const left = 300
	for name, c := range map[string]struct {
		takes  time.Duration
		handed int // how many at least
		most   time.Duration
	}{
		"DeadLetter is quick":         {0, left, time.Second},
		"DeadLetter takes a second":   {time.Second, 5, 7 * time.Second},
		"DeadLetter hangs":            {time.Hour, 0, 7 * time.Second},
		"DeadLetter takes 50 seconds": {50 * time.Second, 0, 7 * time.Second},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			log := &logBuffer{}
			var handed atomic.Int64
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Logger: slog.New(slog.NewTextHandler(log, nil)),
				DeadLetter: func(_ openwork.Delivery, err error) {
					time.Sleep(c.takes)
					handed.Add(1)
				}})
			q.Start(func(ctx context.Context, _ openwork.Delivery) error { <-ctx.Done(); return ctx.Err() })
			for i := range left {
				d := delivered("c"+strconv.Itoa(i%7), strconv.Itoa(i))
				d.Plaintext = []byte("SECRET")
				require.NoError(t, q.Enqueue(context.Background(), d))
			}
			began := time.Now()
			require.ErrorIs(t, shutdownWithin(q, 10*time.Second), context.DeadlineExceeded)
			require.LessOrEqual(t, time.Since(began), 10*time.Second+c.most)
			require.GreaterOrEqual(t, handed.Load(), int64(c.handed))
			lost := strings.Count(log.String(), "delivery lost")
			require.GreaterOrEqual(t, int64(lost)+handed.Load(), int64(left), "each is handed over or named")
			require.NotContains(t, log.String(), "SECRET")
			time.Sleep(time.Hour)
		})
	}
}

func TestD12_QueueThatStandsStill(t *testing.T) {
	for name, start := range map[string]bool{"all workers hang": true, "Start was not called": false} {
		inFakeTime(t, name, func(t *testing.T) {
			log := &logBuffer{}
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 4, Logger: slog.New(slog.NewTextHandler(log, nil)),
				DeadLetter: func(openwork.Delivery, error) {}})
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
			require.NoError(t, f.Tickets().PutTicket(context.Background(), testSuiteID, openwork.SuiteTicket{Value: "t", Time: testNow}))
			hang := make(chan struct{})
			if start {
				q.Start(func(context.Context, openwork.Delivery) error { <-hang; return nil })
			}
			require.NoError(t, f.Health(context.Background()).Queue)
			for i := range 600 {
				require.NoError(t, q.Enqueue(context.Background(), delivered("c"+strconv.Itoa(i), strconv.Itoa(i))))
			}
			require.NoError(t, f.Health(context.Background()).Queue, "a moment is nothing")
			settle(31 * time.Second)
			require.Error(t, f.Health(context.Background()).Queue)
			require.Error(t, f.Health(context.Background()).Err())
			require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"))
			says := "stands still"
			if !start {
				says = "Start was not called"
			}
			require.Contains(t, log.String(), says)
			require.ErrorContains(t, f.Health(context.Background()).Queue, says)
			settle(10 * time.Minute)
			require.LessOrEqual(t, strings.Count(log.String(), "level=ERROR"), 12, "once a minute")
			close(hang)
			if start {
				settle(time.Second)
				require.NoError(t, f.Health(context.Background()).Queue, "it moves again")
				require.Zero(t, q.Depth())
			}
			_ = shutdownWithin(q, time.Second)
		})
	}
	inFakeTime(t, "one that only waits for retries does not", func(t *testing.T) {
		log := &logBuffer{}
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Backoff: time.Minute, Logger: slog.New(slog.NewTextHandler(log, nil))})
		var fail atomic.Bool
		fail.Store(true)
		q.Start(func(context.Context, openwork.Delivery) error {
			if fail.Load() {
				return errAway
			}
			return nil
		})
		require.NoError(t, q.Enqueue(context.Background(), delivered("c", "1")))
		settle(2 * time.Minute)
		require.NoError(t, q.Health(context.Background()))
		require.Empty(t, log.String())
		fail.Store(false)
		require.NoError(t, shutdownWithin(q, time.Minute))
	})
}

func TestD14_StartBesideShutdown(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			var ended atomic.Bool
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Logger: quiet, DeadLetter: func(openwork.Delivery, error) {}})
			for i := range 10 {
				require.NoError(t, q.Enqueue(context.Background(), delivered("c"+strconv.Itoa(i), strconv.Itoa(i))))
			}
			var all sync.WaitGroup
			all.Go(func() {
				q.Start(func(context.Context, openwork.Delivery) error {
					assert.False(t, ended.Load(), "something runs after Shutdown has returned")
					return nil
				})
			})
			all.Go(func() {
				_ = shutdownWithin(q, time.Second)
				ended.Store(true)
			})
			all.Wait()
			settle(time.Minute)
		})
	}
}

// Each attempt of a worker is told apart from pushes and from other attempts.
func TestD22_AttemptsOfAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &observations{}
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: 3, Logger: quiet, DeadLetter: func(openwork.Delivery, error) {}})
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q }, seen.watch)
		f.slow(0, errAway)
		q.Start(f.Process)
		f.requireSuccess(newPush(command("change_auth")).request())
		settle(time.Minute)
		var attempts []int
		for _, o := range seen.take() {
			attempts = append(attempts, o.Attempt)
			require.Equal(t, o.Attempt == 0, o.Status == 200)
			require.Equal(t, o.Attempt == 0, o.Method == "POST")
			require.Equal(t, o.Attempt == 0, o.Outcome == openwork.OutcomeQueued)
		}
		require.ElementsMatch(t, []int{0, 1, 2, 3}, attempts)
		lines := strings.Split(strings.TrimSpace(f.log.String()), "\n")
		require.Len(t, lines, 3)
		for i, line := range lines {
			require.Contains(t, line, "delivery failed")
			require.Contains(t, line, fmt.Sprintf("attempt=%d", i+1))
			require.Equal(t, i < 2, strings.Contains(line, "next_in="), line)
			require.NotContains(t, line, "status=", "nobody was answered")
		}
		require.NoError(t, shutdownWithin(q, time.Second))
	})
}
