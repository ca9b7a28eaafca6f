//go:build go1.25

package openwork_test

import (
	"context"
	"errors"
	"fmt"
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
			w := <-alive.start(p.request())
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
		var succeeded atomic.Int64
		for range copies {
			go func() {
				if w := f.do(sent.request()); w.Code == 200 && w.Body.String() == "success" {
					succeeded.Add(1)
				}
			}()
		}
		time.Sleep(5 * time.Second)
		require.EqualValues(t, copies, succeeded.Load())
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
		"Claim":      {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.claim = f }, nil, 200, 150 * time.Millisecond, true},
		"Done":       {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.done = f }, nil, 200, 150 * time.Millisecond, true},
		"Release":    {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.release = f }, errors.New("no"), 500, 150 * time.Millisecond, false},
		"all": {func(c *hookedClaimer, f func(context.Context, string, string) error) {
			c.claim, c.done, c.release = f, f, f
		}, nil, 200, 300 * time.Millisecond, true},
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
				require.GreaterOrEqual(t, left, 750*time.Millisecond, "most of the time is the handler's")
				all := seen.take()
				require.Len(t, all, 1)
				if c.handler == nil {
					require.Equal(t, c.storeDown, all[0].StoreDown)
				}
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

func TestH3_HandlerTakesTooLong(t *testing.T) {
	configured := func(cfg *openwork.Config) { cfg.AuthBudget, cfg.Budget = 300*time.Millisecond, 2*time.Second }
	slowCheck := func(cfg *openwork.Config) {
		cfg.AllowCorp = func(context.Context, string) (bool, error) { time.Sleep(time.Second); return true, nil }
	}
	for name, c := range map[string]struct {
		push   *push
		edit   func(*openwork.Config)
		budget time.Duration
	}{
		"create_auth":                    {newPush(command("create_auth")), nil, 900 * time.Millisecond},
		"change_auth":                    {newPush(command("change_auth")), nil, 900 * time.Millisecond},
		"cancel_auth":                    {newPush(command("cancel_auth")), nil, 900 * time.Millisecond},
		"reset_permanent_code":           {newPush(command("reset_permanent_code")), nil, 900 * time.Millisecond},
		"other command":                  {newPush(command("share_agent_change")), nil, 4500 * time.Millisecond},
		"suite_ticket":                   {newPush(ticketXML(testSuiteID, "t", testNow)), nil, 4500 * time.Millisecond},
		"data event":                     {newPush(dataEvent("change_app_admin"), toCorp), nil, 4500 * time.Millisecond},
		"message":                        {newPush(textMessage("hello"), toCorp), nil, 4500 * time.Millisecond},
		"create_auth, configured":        {newPush(command("create_auth")), configured, 300 * time.Millisecond},
		"message, configured":            {newPush(textMessage("hello"), toCorp), configured, 2 * time.Second},
		"message, time used before that": {newPush(textMessage("hello"), toCorp), slowCheck, 4500 * time.Millisecond},
		"create_auth, NoDedupe": {newPush(command("create_auth")), func(cfg *openwork.Config) { cfg.NoDedupe = true },
			900 * time.Millisecond},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) {
				if c.edit != nil {
					c.edit(cfg)
				}
			})
			began := time.Now()
			var ended time.Duration
			f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
				<-msg.Context().Done()
				ended = time.Since(began)
				time.Sleep(10*time.Second - ended) // as a handler that is slow to notice
				return openwork.Success, msg.Context().Err()
			})
			w := <-f.start(c.push.request())
			require.Equal(t, c.budget, ended)
			require.Equal(t, 10*time.Second, w.took, "the answer comes once the handler returns")
			require.Equal(t, 500, w.Code)
			require.Empty(t, w.Body.String())
			require.Contains(t, f.log.String(), context.DeadlineExceeded.Error())
		})
	}
}

// A handler that sleeps through the end of its context and then reports success was too late for WeCom: the answer is 500, but
// what it did is done, and a retry must not do it again.
func TestH3_HandlerIgnoresItsContext(t *testing.T) {
	for name, p := range map[string]*push{
		"create_auth": newPush(command("create_auth")),
		"message":     newPush(textMessage("hello"), toCorp),
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
