package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
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

// created is a new create_auth each time, so that none is a copy of another.
func created(n int) *push {
	return newPush(command("create_auth", "AuthCode", fmt.Sprintf("code-%d", n)))
}

// slow registers a handler that takes so long, whatever its context says.
func (f *fixture) slow(takes time.Duration, err error) *atomic.Int64 {
	ended := new(atomic.Int64)
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		time.Sleep(takes)
		ended.Add(1)
		if err != nil {
			return openwork.Success, err
		}
		return next(msg)
	})
	return ended
}

func TestO14_LateHandlerIsAnsweredAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &observations{}
		f := newFixture(t, seen.watch)
		ended := f.slow(1200*time.Millisecond, nil)
		sent := created(1).parts()
		w := <-f.start(sent.request())
		require.Equal(t, 200, w.Code)
		require.Equal(t, "success", w.Body.String())
		require.Equal(t, 900*time.Millisecond, w.took)
		require.Zero(t, ended.Load())
		require.Empty(t, seen.take(), "not before it has ended")
		require.Contains(t, f.log.String(), "level=WARN")
		require.Contains(t, f.log.String(), "Config.Queue")
		require.NotContains(t, f.log.String(), "code-1")

		require.NoError(t, f.Shutdown(context.Background()))
		require.EqualValues(t, 1, ended.Load())
		o := seen.take()
		require.Len(t, o, 1)
		require.True(t, o[0].Late)
		require.Equal(t, openwork.OutcomeHandled, o[0].Outcome)
		require.Equal(t, 200, o[0].Status)
		require.Equal(t, 1200*time.Millisecond, o[0].Duration)
		require.Equal(t, "create_auth", o[0].Name)
		require.NotContains(t, f.log.String(), "level=ERROR")

		f.requireSuccess(sent.request())
		require.EqualValues(t, 1, ended.Load(), "it is recorded as done")
	})
}

func TestO14_FailureAfterTheAnswer(t *testing.T) {
	for name, handler := range map[string]openwork.Handler{
		"error": func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			return openwork.Success, errors.New("the exchange failed")
		},
		"panic":  func(*openwork.Message, openwork.Next) (openwork.Reply, error) { panic("the exchange failed") },
		"Goexit": func(*openwork.Message, openwork.Next) (openwork.Reply, error) { runtime.Goexit(); panic("unreachable") },
	} {
		inFakeTime(t, name, func(t *testing.T) {
			seen := &observations{}
			f := newFixture(t, seen.watch)
			var calls atomic.Int64
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				if calls.Add(1) > 1 {
					return next(msg)
				}
				time.Sleep(2 * time.Second)
				return handler(msg, next)
			})
			sent := created(1).parts()
			require.Equal(t, 200, (<-f.start(sent.request())).Code)
			require.NoError(t, f.Shutdown(context.Background()))

			o := seen.take()
			require.Len(t, o, 1, "one Observation")
			require.True(t, o[0].Late)
			require.Equal(t, openwork.OutcomeFailed, o[0].Outcome)
			require.Equal(t, 200, o[0].Status)
			require.Error(t, o[0].Err)
			require.Equal(t, 1, strings.Count(f.log.String(), "level=ERROR"))
			require.Contains(t, f.log.String(), "WeCom will not send it again")
			require.Zero(t, f.Health(context.Background()).InFlight)

			f.requireSuccess(sent.request())
			require.EqualValues(t, 2, calls.Load(), "its claim was given back")
		})
	}
}

func TestO14_ReplyAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
			time.Sleep(2 * time.Second)
			return openwork.Text("marker-of-a-reply"), nil
		})
		w := <-f.start(created(1).request())
		require.Equal(t, "success", w.Body.String())
		require.NoError(t, f.Shutdown(context.Background()))
		require.Contains(t, f.log.String(), "a reply came after the answer")
		require.NotContains(t, f.log.String(), "marker-of-a-reply")
	})
}

func TestO14_CopiesOfALateOne(t *testing.T) {
	for name, claims := range map[string]openwork.Claimer{
		"here": nil, "elsewhere": newHookedClaimer(openwork.NewMemoryCache()),
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) {
				if claims != nil {
					cfg.Claims = claims
				}
			})
			ended := f.slow(5*time.Second, nil)
			first := f.start(created(1).request())
			time.Sleep(100 * time.Millisecond)
			during := <-f.start(created(1).request())
			require.Equal(t, 500, during.Code, "never an early success for a copy")
			require.Equal(t, 900*time.Millisecond, during.took, "it waits until its own time is up")
			require.Empty(t, during.Body.String())
			require.Equal(t, 200, (<-first).Code)

			atTheEnd := f.start(created(1).request())
			time.Sleep(800 * time.Millisecond)
			require.Equal(t, 500, (<-atTheEnd).Code)
			time.Sleep(2800 * time.Millisecond) // 4.7 s
			last := <-f.start(created(1).request())
			require.Equal(t, 200, last.Code, "answered like the first")
			require.EqualValues(t, 1, ended.Load())
			require.NoError(t, f.Shutdown(context.Background()))
		})
	}
}

func TestO14_ItsContextDoesNotEndWithTheRequest(t *testing.T) {
	type key struct{}
	for name, c := range map[string]struct {
		hangUp time.Duration
		during error
	}{
		"answered":                       {0, nil},
		"WeCom hangs up before":          {300 * time.Millisecond, nil},
		"WeCom hangs up before, at once": {1, nil},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t)
			began := time.Now()
			var deadline time.Time
			var ended time.Duration
			f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
				deadline, _ = msg.Context().Deadline()
				assert.Equal(t, "value", msg.Context().Value(key{}))
				time.Sleep(2 * time.Second)
				assert.NoError(t, msg.Context().Err())
				<-msg.Context().Done()
				ended = time.Since(began)
				return openwork.Success, msg.Context().Err()
			})
			ctx, hangUp := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
			defer hangUp()
			if c.hangUp > 0 {
				time.AfterFunc(c.hangUp, hangUp)
			}
			<-f.start(created(1).request().WithContext(ctx))
			require.NoError(t, f.Shutdown(context.Background()))
			require.Equal(t, 30*time.Second, ended)
			require.Equal(t, began.Add(30*time.Second), deadline)
		})
	}
}

func TestO14_DeafHandlerLosesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		inFlight := func() int { return f.Health(context.Background()).InFlight }
		ended := f.slow(time.Minute, nil)
		<-f.start(created(1).request())
		time.Sleep(29 * time.Second)
		require.Equal(t, 1, inFlight())
		require.NotContains(t, f.log.String(), "level=ERROR")
		time.Sleep(2 * time.Second)
		require.Zero(t, inFlight(), "its place is given to others")
		require.Equal(t, 1, strings.Count(f.log.String(), "level=ERROR"))
		require.Zero(t, ended.Load())

		began := time.Now()
		require.NoError(t, f.Shutdown(context.Background()))
		require.Positive(t, time.Since(began), "Shutdown knows of it still")
		require.EqualValues(t, 1, ended.Load())
		require.Zero(t, inFlight())
	})
}

// At most half of the places may be late. An event that would be one too many
// is refused on arrival; one that has arrived before is waited for.
func TestO14_HalfOfThePlacesMayBeLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &observations{}
		f := newFixture(t, seen.watch, func(cfg *openwork.Config) { cfg.MaxInFlight = 8 })
		f.slow(10*time.Second, nil)
		var answers []<-chan timedAnswer
		for i := range 6 {
			answers = append(answers, f.start(created(i).request()))
		}
		time.Sleep(time.Second)
		codes := map[int]int{}
		for _, answer := range answers {
			select {
			case w := <-answer:
				codes[w.Code]++
			default:
				codes[0]++
			}
		}
		require.Equal(t, map[int]int{200: 4, 0: 2}, codes)
		require.Equal(t, 6, f.Health(context.Background()).InFlight)

		w := <-f.start(created(6).request())
		require.Equal(t, 503, w.Code)
		require.Zero(t, w.took)
		o := seen.take()
		require.Len(t, o, 1)
		require.Equal(t, openwork.CheckLate, o[0].Check)
		require.Equal(t, openwork.OutcomeOverloaded, o[0].Outcome)
		other := f.start(newPush(command("share_agent_change")).request())
		synctest.Wait()
		require.Equal(t, 7, f.Health(context.Background()).InFlight, "other events have the other half")
		require.Equal(t, 500, (<-other).Code, "after 4.5 s")

		time.Sleep(10 * time.Second)
		require.Equal(t, 900*time.Millisecond, (<-f.start(created(7).request())).took, "there is room again")
		require.NoError(t, f.Shutdown(context.Background()))
	})
}

func TestO14_ShutdownAnswersNothingEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.slow(3*time.Second, nil)
		before, between := f.start(created(1).request()), (<-chan timedAnswer)(nil)
		time.Sleep(500 * time.Millisecond)
		require.NoError(t, f.Shutdown(context.Background()), "nothing is late yet")
		between = f.start(created(2).request())
		for _, answer := range []<-chan timedAnswer{before, between} {
			w := <-answer
			require.Equal(t, 3*time.Second, w.took)
			require.Equal(t, 200, w.Code)
		}
	})
}

func TestO14_ShutdownRunsOutOfTime(t *testing.T) {
	for name, deaf := range map[string]bool{"handlers that look at their context": false, "deaf ones": true} {
		inFakeTime(t, name, func(t *testing.T) {
			f := newFixture(t)
			var wasEnded atomic.Int64
			f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
				if deaf {
					time.Sleep(20 * time.Second)
				} else {
					<-msg.Context().Done()
				}
				wasEnded.Add(1)
				return openwork.Success, msg.Context().Err()
			})
			for i := range 3 {
				require.Equal(t, 200, (<-f.start(created(i).request())).Code)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			began := time.Now()
			var calls sync.WaitGroup
			for range 2 { // both are told the same
				calls.Go(func() {
					err := f.Shutdown(ctx)
					if deaf {
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.ErrorContains(t, err, "3")
						assert.Equal(t, 6*time.Second, time.Since(began), "a second of grace")
					} else {
						assert.NoError(t, err)
						assert.Equal(t, 5*time.Second, time.Since(began))
					}
				})
			}
			calls.Wait()
			require.NoError(t, f.Shutdown(context.Background()))
			require.EqualValues(t, 3, wasEnded.Load())
		})
	}
}

func TestO14_NeverEarlyIfSoConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(cfg *openwork.Config) { cfg.AuthAnswerTimeout = -1 })
		ended := f.slow(3*time.Second, nil)
		w := <-f.start(created(1).request())
		require.Equal(t, 3*time.Second, w.took)
		require.Equal(t, 200, w.Code)
		require.EqualValues(t, 1, ended.Load())
		require.NotContains(t, f.log.String(), "level=WARN")
	})
}

// A Mux knows the late handlers of all its Servers, of those also that it has
// forgotten.
func TestO14_MuxShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newFixture(t), newFixture(t, suiteB)
		var m openwork.Mux
		m.Add("/a", a.Server)
		m.Add("/b", b.Server)
		endedA, endedB := a.slow(3*time.Second, nil), b.slow(4*time.Second, nil)
		var all sync.WaitGroup
		for i, path := range []string{"/a", "/b"} {
			all.Go(func() {
				edits := []func(*push){func(*push) {}, toB}
				w := throughMux(&m, path, newPush(command("create_auth"), edits[i]).request())
				assert.Equal(t, http.StatusOK, w.Code)
			})
		}
		all.Wait()
		m.Remove(muxSuiteB)
		m.Remove(testSuiteID)
		began := time.Now()
		require.NoError(t, m.Shutdown(context.Background()))
		require.Equal(t, 3100*time.Millisecond, time.Since(began))
		require.EqualValues(t, 1, endedA.Load())
		require.EqualValues(t, 1, endedB.Load())

		m.Add("/a", a.Server)
		began = time.Now()
		require.Equal(t, 200, throughMux(&m, "/a", created(2).request()).Code)
		require.Equal(t, 3*time.Second, time.Since(began), "nothing is answered early any more")
	})
}

func TestO14_WorkersAndOwnAnswersAreNeverEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.slow(3*time.Second, nil)
		msg, err := f.DecryptedMessage(created(1).request())
		require.NoError(t, err)
		_, hasDeadline := msg.Context().Deadline()
		require.False(t, hasDeadline)

		began := time.Now()
		require.NoError(t, f.Process(context.Background(), openwork.Delivery{App: testSuiteID, ReceiveID: testSuiteID,
			Plaintext: msg.Raw()}))
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

// Answered early at the very moment when the handlers end: either way there is
// one answer, one Observation, and the place is given back.
func TestO14_EndsJustWhenItsTimeIsUp(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			seen := &observations{}
			f := newFixture(t, seen.watch)
			f.slow(900*time.Millisecond, nil)
			w := <-f.start(created(1).request())
			require.Equal(t, 200, w.Code)
			require.NoError(t, f.Shutdown(context.Background()))
			synctest.Wait()
			require.Len(t, seen.take(), 1)
			require.Zero(t, f.Health(context.Background()).InFlight)
		})
	}
}

// A run that is cut off by Shutdown's context still has a word for the Claimer,
// and Shutdown waits for it.
func TestO14_ShutdownWaitsForWordsToTheClaimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := newHookedClaimer(openwork.NewMemoryCache())
		var told atomic.Int64
		claims.release = func(context.Context, string, string) error {
			time.Sleep(200 * time.Millisecond)
			told.Add(1)
			return nil
		}
		f := newFixture(t, withClaims(claims))
		f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
			<-msg.Context().Done()
			return openwork.Success, msg.Context().Err()
		})
		require.Equal(t, 200, (<-f.start(created(1).request())).Code)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(t, f.Shutdown(ctx))
		require.EqualValues(t, 1, told.Load())
	})
}

// The place of a run is given back once, whoever comes first: its end, or the
// timer of a handler that is deaf.
func TestO14_PlaceIsGivenBackOnce(t *testing.T) {
	for _, limit := range []time.Duration{30*time.Second + 100*time.Millisecond, 31 * time.Second, time.Minute} {
		inFakeTime(t, limit.String(), func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) { cfg.AuthAnswerTimeout = limit })
			f.slow(limit, nil)
			<-f.start(created(1).request())
			require.NoError(t, f.Shutdown(context.Background()))
			synctest.Wait()
			require.Zero(t, f.Health(context.Background()).InFlight)
		})
	}
}

// What a Logger or an Observer does in the background ends no process.
func TestO14_LoggerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.Logger = slog.New(panickingHandler{slog.DiscardHandler})
			cfg.Observer = func(_ context.Context, o openwork.Observation) {
				if o.Late {
					panic("the Observer")
				}
			}
		})
		f.slow(2*time.Second, errors.New("no"))
		<-f.start(created(1).request())
		require.NoError(t, f.Shutdown(context.Background()))
		require.Zero(t, f.Health(context.Background()).InFlight)
	})
}

// panickingHandler panics for what is worse than a warning.
type panickingHandler struct{ slog.Handler }

func (h panickingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h panickingHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Level > slog.LevelWarn {
		panic("the Logger")
	}
	return nil
}
