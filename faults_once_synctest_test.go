package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inFakeTime runs a subtest in a bubble, where nothing may be left running at its end.
func inFakeTime(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// timedAnswer is an answer and how long it took.
type timedAnswer struct {
	*httptest.ResponseRecorder
	took time.Duration
}

// start has the Server answer in a goroutine.
func (f *fixture) start(r *http.Request) <-chan timedAnswer {
	answers := make(chan timedAnswer, 1)
	began := time.Now()
	go func() {
		w := f.do(r)
		answers <- timedAnswer{w, time.Since(began)}
	}()
	return answers
}

// pass lets time pass, on both clocks.
func (f *fixture) pass(d time.Duration) {
	f.clock.Advance(d)
	time.Sleep(d)
}

// holdFirst registers a handler whose first call waits for the channel, whatever its context says, and then returns err.
func (f *fixture) holdFirst(release <-chan struct{}, err error) *atomic.Int64 {
	calls := new(atomic.Int64)
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		if calls.Add(1) > 1 {
			return next(msg)
		}
		<-release
		return openwork.Success, err
	})
	return calls
}

func TestR5_CapturedPushReplayed(t *testing.T) {
	// Timestamp and nonce may change places under one signature: a nonce of digits is a timestamp to come.
	capture := func(nonceAfter time.Duration) (original, swapped *push) {
		original = newPush(command("cancel_auth"), func(p *push) {
			p.Nonce = strconv.FormatInt(testNow.Add(nonceAfter).Unix(), 10)
		}).parts()
		c := *original
		c.Timestamp, c.Nonce, c.RawQuery = original.Nonce, original.Timestamp, ""
		return original, &c
	}
	for name, c := range map[string]struct {
		after   time.Duration
		swap    bool
		maxAge  time.Duration
		status  int
		handled int
	}{
		"after 31 minutes, as it is":      {31 * time.Minute, false, 0, 403, 1},
		"after 5 hours, swapped":          {5 * time.Hour, true, 0, 200, 1},
		"after 24:59, swapped":            {25*time.Hour - time.Minute, true, 0, 200, 1},
		"after 25 hours, swapped":         {25*time.Hour + time.Second, true, 0, 200, 2},
		"after 25 hours, swapped, MaxAge": {25*time.Hour + time.Second, true, time.Hour, 403, 1},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) { cfg.MaxAge = c.maxAge })
			original, swapped := capture(c.after)
			f.requireSuccess(original.request())
			f.pass(c.after)
			replay := original
			if c.swap {
				replay = swapped
			}
			w := f.do(replay.request())
			require.Equal(t, c.status, w.Code)
			require.Len(t, f.handledNames(), c.handled)
		})
	}
}

func TestR5_HowLongCopiesAreKnown(t *testing.T) {
	for infoType, keep := range map[string]time.Duration{
		"create_auth": 25 * time.Hour, "change_auth": 25 * time.Hour, "cancel_auth": 25 * time.Hour,
		"reset_permanent_code": 25 * time.Hour, "share_agent_change": 30 * time.Minute, "an_event_of_next_year": 30 * time.Minute,
	} {
		for where, claimer := range claimersToTry {
			inFakeTime(t, infoType+", "+where, func(t *testing.T) {
				f := newFixture(t, withClaims(claimer(openwork.NewMemoryCache())))
				p := newPush(command(infoType)).parts()
				f.requireSuccess(p.request())
				time.Sleep(keep - time.Second)
				f.requireSuccess(p.request())
				require.Len(t, f.handledNames(), 1)
				time.Sleep(2 * time.Second) // a copy does not make it longer
				f.requireSuccess(p.request())
				require.Len(t, f.handledNames(), 2)
			})
		}
	}
}

func TestR7_TwoReplicas(t *testing.T) {
	for where, claimer := range claimersToTry {
		replicas := func(t *testing.T) (winner, loser *fixture) {
			shared := openwork.NewMemoryCache()
			return newFixture(t, withClaims(claimer(shared))), newFixture(t, withClaims(claimer(shared)))
		}
		inFakeTime(t, where+", the loser waits for success", func(t *testing.T) {
			winner, loser := replicas(t)
			release := make(chan struct{})
			winner.holdFirst(release, nil)
			p := newPush(dataEvent("change_app_admin"), toCorp).parts()
			first := winner.start(p.request())
			synctest.Wait()
			second := loser.start(p.request())
			time.Sleep(2 * time.Second)
			require.Empty(t, first)
			require.Empty(t, second, "it can't know the outcome yet")
			close(release)
			for _, answers := range []<-chan timedAnswer{first, second} {
				w := <-answers
				require.Equal(t, 200, w.Code)
				require.Equal(t, "success", w.Body.String())
				require.LessOrEqual(t, w.took, 2100*time.Millisecond)
			}
			require.Len(t, winner.handledNames(), 1)
			require.Empty(t, loser.handledNames())
		})
		inFakeTime(t, where+", the winner fails", func(t *testing.T) {
			winner, loser := replicas(t)
			release := make(chan struct{})
			winner.holdFirst(release, errors.New("no"))
			p := newPush(dataEvent("change_app_admin"), toCorp).parts()
			first := winner.start(p.request())
			synctest.Wait()
			second := loser.start(p.request())
			time.Sleep(time.Second)
			close(release)
			require.Equal(t, 500, (<-first).Code)
			require.Equal(t, 200, (<-second).Code)
			require.Len(t, loser.handledNames(), 1, "the loser's turn")
		})
		for plaintext, budget := range map[string]time.Duration{
			command("create_auth", "AuthCode", "code"): 900 * time.Millisecond,
			command("share_agent_change"):              4500 * time.Millisecond,
		} {
			inFakeTime(t, fmt.Sprintf("%s, the loser gives up after %v", where, budget), func(t *testing.T) {
				winner, loser := replicas(t)
				release := make(chan struct{})
				winner.holdFirst(release, nil)
				p := newPush(plaintext).parts()
				first := winner.start(p.request())
				synctest.Wait()
				w := <-loser.start(p.request())
				require.Equal(t, 500, w.Code)
				require.Empty(t, w.Body.String())
				require.LessOrEqual(t, w.took, budget)
				require.GreaterOrEqual(t, w.took, budget-100*time.Millisecond)
				close(release)
				<-first
				require.Empty(t, loser.handledNames())
				loser.requireSuccess(p.request())
				require.Empty(t, loser.handledNames(), "it has been handled by now")
			})
		}
		inFakeTime(t, where+", WeCom hangs up on the loser", func(t *testing.T) {
			winner, loser := replicas(t)
			release := make(chan struct{})
			winner.holdFirst(release, nil)
			p := newPush(dataEvent("change_app_admin"), toCorp).parts()
			first := winner.start(p.request())
			synctest.Wait()
			ctx, hangUp := context.WithCancel(context.Background())
			second := loser.start(p.request().WithContext(ctx))
			time.Sleep(time.Second)
			hangUp()
			w := <-second
			require.NotEqual(t, 200, w.Code)
			require.LessOrEqual(t, w.took, 1100*time.Millisecond)
			close(release)
			<-first
		})
	}
}

// A copy that waits knows that another handles the push: a Claimer that fails meanwhile, or is slow, is asked again.
func TestR7_CopyWaitsOnWhenTheClaimerFails(t *testing.T) {
	slow := func(context.Context, string, string) error { time.Sleep(400 * time.Millisecond); return nil }
	down := func(context.Context, string, string) error { return errors.New("connection refused") }
	for name, c := range map[string]struct {
		poll   func(context.Context, string, string) error
		till   int64 // the last call that it spoils
		result error // of the first
		isDown bool
	}{
		"fails once":                 {down, 2, nil, false}, // it is asked once more at once
		"fails for a while":          {down, 20, nil, true},
		"slow once":                  {slow, 2, nil, false},
		"slow for a while":           {slow, 8, nil, true},
		"fails, and the first fails": {down, 20, errors.New("no"), true},
		"is slow, the first fails":   {slow, 8, errors.New("no"), true},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			shared := openwork.NewMemoryCache()
			polled, seen := newHookedClaimer(shared), &observations{}
			polled.claim = func(ctx context.Context, key, owner string) error {
				if n := polled.claims.Load(); n == 1 || n > c.till {
					return nil
				}
				return c.poll(ctx, key, owner)
			}
			one, two := newFixture(t, withClaims(newHookedClaimer(shared))), newFixture(t, withClaims(polled), seen.watch)
			release := make(chan struct{})
			one.holdFirst(release, c.result)
			p := newPush(dataEvent("change_app_admin"), toCorp).parts()
			first := one.start(p.request())
			synctest.Wait()
			second := two.start(p.request())
			time.Sleep(2 * time.Second)
			beside, answered := two.handledNames(), len(second) == 1
			close(release)
			require.Equal(t, c.result != nil, (<-first).Code == 500)
			require.Empty(t, beside, "it ran beside the first")
			require.False(t, answered, "it can't know the outcome yet")
			require.Equal(t, 200, (<-second).Code)
			require.Equal(t, c.result != nil, len(two.handledNames()) == 1, "it is its turn only if the first failed")
			all := seen.take()
			require.Len(t, all, 1)
			require.Equal(t, c.isDown, all[0].StoreDown)
			time.Sleep(time.Second) // the late answers
		})
	}
}

// A claim that the store made is there, though its answer came too late to be waited for: it is recorded as done, or given
// back, like any other.
func TestR10_ClaimThatIsAnsweredTooLate(t *testing.T) {
	for name, c := range map[string]struct {
		err            error
		status, calls  int
		outcomeOfRetry openwork.Outcome
	}{
		"success": {nil, 200, 1, openwork.OutcomeDuplicate},
		"failure": {errors.New("no"), 500, 2, openwork.OutcomeHandled},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			claims, seen := newHookedClaimer(openwork.NewMemoryCache()), &observations{}
			claims.claimed = func() {
				if claims.claims.Load() <= 2 { // the second try too
					time.Sleep(400 * time.Millisecond)
				}
			}
			f := newFixture(t, withClaims(claims), seen.watch)
			calls := 0
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				if calls++; calls == 1 {
					return openwork.Success, c.err
				}
				return next(msg)
			})
			p := newPush(command("create_auth", "AuthCode", "code")).parts()
			require.Equal(t, c.status, (<-f.start(p.request())).Code)
			synctest.Wait() // the store is told beside the answer
			w := <-f.start(p.request())
			require.Equal(t, 200, w.Code)
			require.Zero(t, w.took, "it waited for the lease to end")
			require.Equal(t, c.calls, calls)
			all := seen.take()
			require.Len(t, all, 2)
			require.True(t, all[0].StoreDown)
			require.Equal(t, c.outcomeOfRetry, all[1].Outcome)
			time.Sleep(time.Second) // the late answer
		})
	}
}

// What a handler did in time is answered success in time, however slow the store is to record it.
func TestR10_SlowDoneDoesNotMakeAHandlerLate(t *testing.T) {
	for plaintext, budget := range map[string]time.Duration{
		command("create_auth"): 900 * time.Millisecond, command("share_agent_change"): 4500 * time.Millisecond,
	} {
		inFakeTime(t, budget.String(), func(t *testing.T) {
			claims := newHookedClaimer(openwork.NewMemoryCache())
			claims.done = func(ctx context.Context, _, _ string) error { <-ctx.Done(); return ctx.Err() }
			f := newFixture(t, withClaims(claims))
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				time.Sleep(budget - 20*time.Millisecond)
				return next(msg)
			})
			w := <-f.start(newPush(plaintext).request())
			require.Equal(t, 200, w.Code)
			require.Equal(t, "success", w.Body.String())
			require.Equal(t, budget-20*time.Millisecond, w.took, "Done is beside the answer")
			require.NoError(t, f.Shutdown(context.Background()))
			require.Contains(t, f.log.String(), "the Claimer was not told")
			require.NotContains(t, f.log.String(), "level=ERROR")
		})
	}
}

// A replica is killed while it handles a push: its claim, kept elsewhere, is neither renewed nor given back. (A claim in the
// process is gone with the process.)
func TestR9_OwnerIsGone(t *testing.T) {
	for _, retryAfter := range []time.Duration{2 * time.Second, 5 * time.Second, 6 * time.Second} {
		inFakeTime(t, fmt.Sprintf("retry after %v", retryAfter), func(t *testing.T) {
			shared := openwork.NewMemoryCache()
			var killed atomic.Bool
			cut := func(context.Context, string, string) error {
				if killed.Load() {
					return errors.New("this process is dead")
				}
				return nil
			}
			dead := newHookedClaimer(shared)
			dead.claim, dead.done, dead.release = cut, cut, cut
			gone, alive := newFixture(t, withClaims(dead)), newFixture(t, withClaims(newHookedClaimer(shared)))
			release := make(chan struct{})
			gone.holdFirst(release, nil)
			p := newPush(dataEvent("change_app_admin"), toCorp).parts()
			lost := gone.start(p.request())
			synctest.Wait()
			killed.Store(true)

			early := alive.start(p.request())
			time.Sleep(retryAfter)
			// The lease ends at 4.5 s + 1 s, which is within the time that the retries have.
			w := <-alive.start(newPush(dataEvent("change_app_admin"), toCorp).request())
			assert.Equal(t, 200, w.Code)
			assert.Len(t, alive.handledNames(), 1)
			assert.Equal(t, 500, (<-early).Code, "one that came at once can't wait as long as that")
			close(release)
			<-lost
		})
	}
}

// With claims elsewhere, in fake time: on a machine that is busy with 10 000 goroutines a Claimer may seem slow, and then
// pushes are handled without it.
func TestR11_TenThousandCopiesWithClaimsElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const copies = 10_000
		f := newFixture(t, withClaims(newHookedClaimer(openwork.NewMemoryCache())),
			func(cfg *openwork.Config) { cfg.MaxInFlight = copies; cfg.Logger = slog.New(slog.DiscardHandler) })
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			time.Sleep(200 * time.Millisecond)
			return next(msg)
		})
		sent := newPush(command("create_auth", "AuthCode", "code")).parts()
		var succeeded, refused atomic.Int64
		for i := range copies {
			r := sent.request()
			if i%2 == 0 { // as WeCom's retries are
				r = newPush(command("create_auth", "AuthCode", "code")).request()
			}
			go func() {
				switch w := f.do(r); {
				case w.Code == 200 && w.Body.String() == "success":
					succeeded.Add(1)
				case w.Code == 500 && w.Body.Len() == 0:
					refused.Add(1)
				}
			}()
		}
		time.Sleep(100 * time.Millisecond)
		require.EqualValues(t, copies-5, refused.Load(), "at once, but for the first and four that wait")
		time.Sleep(5 * time.Second)
		require.EqualValues(t, 5, succeeded.Load(), "answered like the first")
		require.EqualValues(t, copies-5, refused.Load())
		require.Len(t, f.handledNames(), 1)
	})
}

func TestR10_ClaimerFrozen(t *testing.T) {
	for name, c := range map[string]struct {
		broken    func(c *hookedClaimer, frozen func(context.Context, string, string) error)
		handler   error
		status    int
		atMost    time.Duration
		storeDown bool
	}{
		"not frozen": {func(*hookedClaimer, func(context.Context, string, string) error) {}, nil, 200, 0, false},
		"Claim":      {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.claim = f }, nil, 200, 500 * time.Millisecond, true},
		"Done":       {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.done = f }, nil, 200, 0, false},
		"Release":    {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.release = f }, errors.New("no"), 500, 0, false},
		"all": {func(c *hookedClaimer, f func(context.Context, string, string) error) {
			c.claim, c.done, c.release = f, f, f
		}, nil, 200, 500 * time.Millisecond, true},
	} {
		for _, honours := range []bool{true, false} {
			inFakeTime(t, fmt.Sprintf("%s, honours its context: %v", name, honours), func(t *testing.T) {
				thaw := make(chan struct{})
				defer close(thaw)
				claims, seen := newHookedClaimer(openwork.NewMemoryCache()), &observations{}
				c.broken(claims, func(ctx context.Context, _, _ string) error {
					if honours {
						<-ctx.Done()
						return ctx.Err()
					}
					<-thaw
					return errors.New("thawed")
				})
				f := newFixture(t, withClaims(claims), seen.watch)
				var left time.Duration
				f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
					deadline, ok := msg.Context().Deadline()
					require.True(t, ok)
					left = time.Until(deadline)
					return openwork.Success, c.handler
				})
				w := <-f.start(newPush(command("create_auth", "AuthCode", "code")).request())
				require.Equal(t, c.status, w.Code)
				require.LessOrEqual(t, w.took, c.atMost)
				require.Len(t, f.handledNames(), 1)
				require.GreaterOrEqual(t, left, 29*time.Second, "most of the time is the handler's")
				all := seen.take()
				require.Len(t, all, 1)
				if c.handler == nil {
					require.Equal(t, c.storeDown, all[0].StoreDown)
				}
				time.Sleep(time.Second) // what is told the store beside the answer
			})
		}
	}
}

// A handler that overruns keeps its claim, however long it takes: copies do not run beside it.
func TestH12_LeaseIsRenewedWhileAHandlerOverruns(t *testing.T) {
	for where, claimer := range claimersToTry {
		inFakeTime(t, where, func(t *testing.T) {
			shared := openwork.NewMemoryCache()
			one, two := newFixture(t, withClaims(claimer(shared))), newFixture(t, withClaims(claimer(shared)))
			release := make(chan struct{})
			one.holdFirst(release, nil)
			p := newPush(command("create_auth", "AuthCode", "code")).parts()
			first := one.start(p.request())
			for range 20 {
				time.Sleep(5 * time.Second)
				require.Equal(t, 500, (<-two.start(p.request())).Code)
			}
			require.Empty(t, two.handledNames())
			close(release)
			<-first
			two.requireSuccess(p.request())
			require.Empty(t, two.handledNames())
		})
	}
}

// A renewal may fail, or take too long to know: the next one comes before the lease ends.
func TestH12_RenewalMayFail(t *testing.T) {
	for name, fails := range map[string]func(renewal int64) bool{
		"the first":   func(renewal int64) bool { return renewal == 1 },
		"every other": func(renewal int64) bool { return renewal%2 == 0 },
	} {
		inFakeTime(t, name, func(t *testing.T) {
			shared := openwork.NewMemoryCache()
			claims := newHookedClaimer(shared)
			claims.claim = func(ctx context.Context, _, _ string) error {
				if renewal := claims.claims.Load() - 1; renewal > 0 && fails(renewal) {
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			}
			one, two := newFixture(t, withClaims(claims)), newFixture(t, withClaims(newHookedClaimer(shared)))
			one.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				time.Sleep(5 * time.Minute)
				return next(msg)
			})
			first := make(chan error, 1)
			go func() { first <- one.Process(context.Background(), delivered(testCorp, "1")) }()
			synctest.Wait()
			for len(first) == 0 {
				_ = two.Process(context.Background(), delivered(testCorp, "1"))
				require.Empty(t, two.handledNames(), "it ran beside the first")
			}
			require.NoError(t, <-first)
			require.NoError(t, two.Process(context.Background(), delivered(testCorp, "1")))
			require.Empty(t, two.handledNames())
		})
	}
}

// A claim in this process lasts as long as its handler, whatever time passes and whatever else is claimed meanwhile.
func TestH12_ClaimInThisProcessOutlastsAll(t *testing.T) {
	for name, meanwhile := range map[string]func(*testing.T, *openwork.MemoryCache){
		"two hours pass": func(*testing.T, *openwork.MemoryCache) { time.Sleep(2 * time.Hour) },
		"the table fills up": func(t *testing.T, cache *openwork.MemoryCache) {
			for i := range 1<<17 + 1 {
				key := strconv.Itoa(i)
				state, _, err := cache.Claim(context.Background(), key, "another", time.Minute)
				require.True(t, err == nil && state == openwork.ClaimTaken)
				_ = cache.Done(context.Background(), key, "another", "", 25*time.Hour)
			}
		},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t)
			release := make(chan struct{})
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				<-release
				return next(msg)
			})
			first := make(chan error, 1)
			go func() { first <- f.Process(context.Background(), delivered(testCorp, "1")) }()
			synctest.Wait()
			meanwhile(t, f.cache)
			second := make(chan error, 1)
			go func() { second <- f.Process(context.Background(), delivered(testCorp, "1")) }()
			settle(time.Minute)
			handled := len(f.handledNames())
			close(release)
			require.Equal(t, 1, handled, "a copy ran beside it")
			require.ErrorIs(t, <-second, openwork.ErrBusy)
			require.NoError(t, <-first)
			require.NoError(t, f.Process(context.Background(), delivered(testCorp, "1")))
			require.Len(t, f.handledNames(), 1)
		})
	}
}

// A body may take longer than the handlers would have had. Their claim is no shorter for it, and renewed no more often.
func TestH12_BodyLaterThanTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := newHookedClaimer(openwork.NewMemoryCache())
		claims.claim = func(ctx context.Context, _, _ string) error {
			if claims.claims.Load() > 100 { // let time pass, whoever claims without end
				<-ctx.Done()
			}
			return ctx.Err()
		}
		f := newFixture(t, withClaims(claims))
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			time.Sleep(3 * time.Second)
			return next(msg)
		})
		r := newPush(command("create_auth", "AuthCode", "code")).request()
		r.Body = &lateBody{ReadCloser: r.Body, late: 2 * time.Second}
		w := <-f.start(r)
		require.Equal(t, 200, w.Code)
		require.Equal(t, 2*time.Second, w.took, "as soon as the body has arrived, for the time is up")
		require.NoError(t, f.Shutdown(context.Background()))
		require.Len(t, f.handledNames(), 1)
		require.LessOrEqual(t, claims.claims.Load(), int64(12))
		for _, lease := range claims.leases {
			require.GreaterOrEqual(t, lease, time.Second)
		}
	})
}

// lateBody is a body that arrives late, or when it is let.
type lateBody struct {
	io.ReadCloser
	late time.Duration
	let  <-chan struct{}
}

func (b *lateBody) Read(buffer []byte) (int, error) {
	if b.let != nil {
		<-b.let
	}
	time.Sleep(b.late)
	b.late = 0
	return b.ReadCloser.Read(buffer)
}

func TestH3_HandlerTakesTooLong(t *testing.T) {
	configured := func(cfg *openwork.Config) {
		cfg.AuthAnswerTimeout, cfg.HandlerTimeout = 300*time.Millisecond, 2*time.Second
	}
	slowCheck := func(cfg *openwork.Config) {
		cfg.AllowCorp = func(context.Context, string) (bool, error) { time.Sleep(time.Second); return true, nil }
	}
	for name, c := range map[string]struct {
		push     *push
		edit     func(*openwork.Config)
		budget   time.Duration
		isUrgent bool
	}{
		"create_auth":                      {newPush(command("create_auth")), nil, 900 * time.Millisecond, true},
		"change_auth":                      {newPush(command("change_auth")), nil, 900 * time.Millisecond, true},
		"cancel_auth":                      {newPush(command("cancel_auth")), nil, 900 * time.Millisecond, true},
		"reset_permanent_code":             {newPush(command("reset_permanent_code")), nil, 900 * time.Millisecond, true},
		"other command":                    {newPush(command("share_agent_change")), nil, 4500 * time.Millisecond, false},
		"suite_ticket":                     {newPush(ticketXML(testSuiteID, "t", testNow)), nil, 4500 * time.Millisecond, false},
		"data event":                       {newPush(dataEvent("change_app_admin"), toCorp), nil, 4500 * time.Millisecond, false},
		"device_checkin_data_report":       {newPush(dataEvent("device_checkin_data_report"), toCorp), nil, 900 * time.Millisecond, true},
		"device_data_auth_change":          {newPush(command("device_data_auth_change")), nil, 900 * time.Millisecond, true},
		"device_accesscontrol_data_report": {newPush(dataEvent("device_accesscontrol_data_report"), toCorp), nil, 900 * time.Millisecond, true},
		"device_temperature_data_report":   {newPush(dataEvent("device_temperature_data_report"), toCorp), nil, 900 * time.Millisecond, true},
		"create_auth, in another case":     {newPush(command("Create_Auth")), nil, 900 * time.Millisecond, true},
		"message":                          {newPush(textMessage("hello"), toCorp), nil, 4500 * time.Millisecond, false},
		"create_auth, configured":          {newPush(command("create_auth")), configured, 300 * time.Millisecond, true},
		"message, configured":              {newPush(textMessage("hello"), toCorp), configured, 2 * time.Second, false},
		"message, time used before that":   {newPush(textMessage("hello"), toCorp), slowCheck, 4500 * time.Millisecond, false},
		"create_auth, NoDedupe": {newPush(command("create_auth")), func(cfg *openwork.Config) { cfg.NoDedupe = true },
			900 * time.Millisecond, true},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) {
				if c.edit != nil {
					c.edit(cfg)
				}
			})
			began := time.Now()
			var ended atomic.Int64 // after so long
			f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
				<-msg.Context().Done()
				ended.Store(int64(time.Since(began)))
				time.Sleep(time.Second) // as a handler that is slow to notice
				return openwork.Success, msg.Context().Err()
			})
			w := <-f.start(c.push.request())
			if c.isUrgent {
				require.Equal(t, c.budget, w.took)
				require.Equal(t, 200, w.Code)
				require.Equal(t, "success", w.Body.String())
				require.Zero(t, ended.Load(), "it goes on")
				require.NoError(t, f.Shutdown(context.Background()))
				require.Equal(t, 30*time.Second, time.Duration(ended.Load()))
			} else {
				require.Equal(t, c.budget, time.Duration(ended.Load()))
				require.Equal(t, c.budget+time.Second, w.took, "the answer comes once the handler returns")
				require.Equal(t, 500, w.Code)
				require.Empty(t, w.Body.String())
			}
			require.Contains(t, f.log.String(), context.DeadlineExceeded.Error())
		})
	}
}

// A handler that sleeps through the end of its context and then reports success was too late for WeCom: the answer is 500, but
// what it did is done, and a retry must not do it again.
func TestH3_HandlerIgnoresItsContext(t *testing.T) {
	for name, p := range map[string]*push{
		"event":   newPush(command("share_agent_change")),
		"message": newPush(textMessage("hello"), toCorp),
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t)
			calls := 0
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				if calls++; calls == 1 {
					time.Sleep(10 * time.Second)
				}
				return next(msg)
			})
			sent := p.parts()
			w := <-f.start(sent.request())
			assert.Equal(t, 10*time.Second, w.took)
			assert.Equal(t, 500, w.Code)
			assert.Empty(t, w.Body.String())
			f.requireSuccess(sent.request())
			require.Equal(t, 1, calls)
		})
	}
}

// A context that has ended says for ever how: a handler that logs it later must not tell another story.
func TestH3_HowAContextEndedStays(t *testing.T) {
	for name, c := range map[string]struct {
		takes      time.Duration
		waits      bool // for Done
		hangUp     time.Duration
		during     error // in the handler
		afterwards error
	}{
		"too late":                          {6 * time.Second, false, 0, context.DeadlineExceeded, context.DeadlineExceeded},
		"too late, and it knows":            {6 * time.Second, true, 0, context.DeadlineExceeded, context.DeadlineExceeded},
		"too late, then WeCom hangs up":     {6 * time.Second, false, 8 * time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		"in time":                           {500 * time.Millisecond, false, 0, nil, context.Canceled},
		"WeCom hangs up, then time is up":   {6 * time.Second, false, 100 * time.Millisecond, context.Canceled, context.Canceled},
		"WeCom hangs up, and it knows that": {6 * time.Second, true, 100 * time.Millisecond, context.Canceled, context.Canceled},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t)
			var ctx context.Context
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				ctx = msg.Context()
				if c.waits {
					<-ctx.Done()
				}
				time.Sleep(c.takes)
				assert.Equal(t, c.during, ctx.Err())
				return next(msg)
			})
			request, hangUp := context.WithCancel(context.Background())
			defer hangUp()
			if c.hangUp > 0 {
				defer time.AfterFunc(c.hangUp, hangUp).Stop()
			}
			<-f.start(newPush(command("share_agent_change")).request().WithContext(request))
			for range 3 {
				require.Equal(t, c.afterwards, ctx.Err())
				time.Sleep(time.Second)
			}
			<-ctx.Done()
			require.Equal(t, c.afterwards, ctx.Err())
		})
	}
}

func TestH15_TwoThousandPushesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pushes, limit = 2000, 1024
		f := newFixture(t)
		release := make(chan struct{})
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			<-release
			return next(msg)
		})
		var ok, overloaded, other atomic.Int64
		began := time.Now()
		for i := range pushes {
			r := newPush(command("share_agent_change", "N", strconv.Itoa(i))).request()
			go func() {
				switch w := f.do(r); {
				case w.Code == 200:
					ok.Add(1)
				case w.Code == 503 && w.Body.Len() == 0:
					overloaded.Add(1)
				default:
					other.Add(1)
				}
			}()
		}
		synctest.Wait()
		require.EqualValues(t, pushes-limit, overloaded.Load(), "refused while the others are still served")
		require.Zero(t, time.Since(began), "and at once")
		require.Zero(t, ok.Load())
		require.Equal(t, limit, f.Health(context.Background()).InFlight)
		close(release)
		synctest.Wait()
		require.EqualValues(t, limit, ok.Load())
		require.Zero(t, other.Load())
		f.requireSuccess(newPush(command("share_agent_change", "N", "after")).request())
	})
}

// As H15, through a Mux: whose Token has signed decides whose places count.
func TestH15_MuxCountsForTheServerThatIsFound(t *testing.T) {
	const pushes, limit = 10, 3
	for name, edit := range map[string]func(*push){"the first": func(*push) {}, "another": toB, "one of Resolve": toC} {
		inFakeTime(t, name, func(t *testing.T) {
			limited := func(cfg *openwork.Config) { cfg.MaxInFlight = limit }
			a, b, customized := newFixture(t, limited), newFixture(t, suiteB, limited), newFixture(t, customizedC, limited)
			let := make(chan struct{})
			for _, f := range []*fixture{a, b, customized} {
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) { <-let; return next(msg) })
			}
			var m openwork.Mux
			m.Add("/", a.Server, b.Server)
			m.Resolve = func(context.Context, string) (*openwork.Server, error) { return customized.Server, nil }
			var ok, overloaded, other atomic.Int64
			for i := range pushes {
				r := newPush(dataEvent("x", "N", strconv.Itoa(i)), toCorp, edit).request()
				go func() {
					switch w := throughMux(&m, "/", r); w.Code {
					case 200:
						ok.Add(1)
					case 503:
						overloaded.Add(1)
					default:
						other.Add(1)
					}
				}()
			}
			synctest.Wait()
			refusedAtOnce := overloaded.Load()
			close(let)
			synctest.Wait()
			require.EqualValues(t, pushes-limit, refusedAtOnce)
			require.EqualValues(t, limit, ok.Load())
			require.Zero(t, other.Load())
			for _, f := range []*fixture{a, b, customized} {
				require.Zero(t, f.Health(context.Background()).InFlight, "each is counted out again")
			}
		})
	}
}

// Anyone can cause questions to Resolve: there are never too many at one time.
func TestH15_QuestionsToResolveAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 1024
		var asked atomic.Int64
		let := make(chan struct{})
		customized := newFixture(t, customizedC)
		m := openwork.Mux{Resolve: func(_ context.Context, name string) (*openwork.Server, error) {
			if name == muxCorpC {
				return customized.Server, nil
			}
			asked.Add(1)
			<-let
			return nil, nil
		}}
		m.Add("/other", newFixture(t).Server) // gets the lines
		require.Equal(t, 200, throughMux(&m, "/", newPush(textMessage("x"), toCorp, toC).request()).Code)
		var overloaded atomic.Int64
		for i := range most + 10 {
			r := newPush(textMessage("x"), toCorp, func(p *push) {
				p.Body = strings.Replace(p.parts().Body, testCorp, fmt.Sprintf("wpstranger%08d", i), 1)
			}).request()
			go func() {
				if throughMux(&m, "/", r).Code == 503 {
					overloaded.Add(1)
				}
			}()
		}
		synctest.Wait()
		require.EqualValues(t, most, asked.Load())
		require.EqualValues(t, 10, overloaded.Load())
		require.Equal(t, 200, throughMux(&m, "/", newPush(textMessage("y"), toCorp, toC).request()).Code, "it is known already")
		close(let)
		synctest.Wait()
		require.Equal(t, 403, throughMux(&m, "/", newPush(textMessage("x"), func(p *push) { p.ReceiveID = "wpanother00000001" }).request()).Code)
		require.EqualValues(t, most+1, asked.Load(), "it is asked again")
	})
}

// An attacker must not fill the disk, and an operator must still see what happened and how often.
func TestR2_RefusalLogIsRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &observations{}
		f := newFixture(t, seen.watch)
		wrong := newPush(command("create_auth"), func(p *push) { p.Token = "another" }).parts()
		lines := func(check string) int {
			return strings.Count(f.log.String(), "push refused\" app="+testSuiteID+" check="+check)
		}
		const refusals = 500
		for range refusals {
			require.Equal(t, 403, f.do(wrong.request()).Code)
		}
		logged := lines("signature")
		require.Positive(t, logged)
		require.LessOrEqual(t, logged, 100)
		require.Len(t, seen.take(), refusals, "the Observer sees them all")

		require.Equal(t, 400, f.do(newPush(command("create_auth"), func(p *push) { p.Nonce = "" }).request()).Code)
		require.Equal(t, 1, lines("query"), "another check has lines of its own")

		time.Sleep(2 * time.Second)
		require.Equal(t, 403, f.do(wrong.request()).Code)
		require.Equal(t, logged+1, lines("signature"), "and later there are lines again")
		all := regexp.MustCompile(`not_logged_before=(\d+)`).FindAllStringSubmatch(f.log.String(), -1)
		require.Len(t, all, 1)
		require.Equal(t, strconv.Itoa(refusals-logged), all[0][1])
	})
}

// As R2, for a database that is down: whoever sends pushes of made-up corps must not fill the disk.
func TestR2_LinesOfAFailingResolveAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pushes = 2000
		f := newFixture(t)
		m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { return nil, errors.New("down") }}
		m.Add("/", f.Server)
		for i := range pushes {
			p := newPush(dataEvent("x"), toC, hinted("wp"+strconv.Itoa(i)))
			require.Equal(t, 500, throughMux(&m, "/", p.request()).Code)
		}
		logged := strings.Count(f.log.String(), "Mux.Resolve")
		require.Positive(t, logged)
		require.LessOrEqual(t, logged, 50)
		time.Sleep(time.Second)
		require.Equal(t, 500, throughMux(&m, "/", newPush(dataEvent("x"), toC).request()).Code)
		require.Equal(t, logged+1, strings.Count(f.log.String(), "Mux.Resolve"), "later there are lines again")
		require.Contains(t, f.log.String(), "not_logged_before="+strconv.Itoa(pushes-logged))
	})
}

// Health asks each for 500 ms at most, whether it looks at its context or not.
func TestServer_HealthOfWhatIsDeaf(t *testing.T) {
	const deaf = 10 * time.Second
	for name, edit := range map[string]func(*openwork.Config){
		"TicketStore": func(cfg *openwork.Config) { cfg.Tickets = deafTickets{deaf} },
		"Claimer": func(cfg *openwork.Config) {
			cfg.Claims = &hookedClaimer{claim: func(context.Context, string, string) error { time.Sleep(deaf); return io.EOF }}
		},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t, edit)
			began := time.Now()
			err := f.Health(context.Background()).Err()
			took := time.Since(began)
			time.Sleep(deaf) // until what it left to itself ends
			require.LessOrEqual(t, took, 600*time.Millisecond)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// A store that is slow, and deaf, makes nothing unhealthy as long as there is a good ticket in memory.
func TestServer_HealthWithATicketInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Tickets = slowTickets{freshTickets(t), 10 * time.Second} })
		f.do(newPush(ticketXML(testSuiteID, "ticket", testNow)).request())
		began := time.Now()
		health := f.Health(context.Background())
		took := time.Since(began)
		time.Sleep(20 * time.Second) // until what it left to itself ends
		require.NoError(t, health.Err())
		require.LessOrEqual(t, took, 500*time.Millisecond)
	})
}

// deafTickets is a TicketStore that takes so long, whatever its context says.
type deafTickets struct{ takes time.Duration }

func (d deafTickets) PutTicket(context.Context, string, openwork.SuiteTicket) error {
	time.Sleep(d.takes)
	return nil
}

func (d deafTickets) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	time.Sleep(d.takes)
	return openwork.SuiteTicket{}, openwork.ErrNoSuiteTicket
}

// A slow write of an older ticket does not end up in the store after the newer one.
func TestK1_SlowWriteOfTheOlderTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowPutStore{slow: "older", entered: make(chan struct{}), goOn: make(chan struct{})}
		f := newFixture(t, func(c *openwork.Config) { c.Tickets = store })
		push := func(ticket string, dated time.Time) <-chan struct{} {
			done := make(chan struct{})
			go func() {
				defer close(done)
				w := f.do(newPush(ticketXML(testSuiteID, ticket, dated)).request())
				assert.Equal(t, http.StatusOK, w.Code)
			}()
			return done
		}
		older := push("older", testNow)
		<-store.entered
		newer := push("newer", testNow.Add(time.Second))
		select { // it may wait for the older one, or overtake it
		case <-newer:
		case <-time.After(100 * time.Millisecond):
		}
		close(store.goOn)
		<-older
		<-newer
		requireTicket(f, testSuiteID, "newer")
		stored, err := store.Ticket(context.Background(), testSuiteID)
		require.NoError(t, err)
		require.Equal(t, "newer", stored.Value)
	})
}
