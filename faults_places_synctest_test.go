//go:build go1.25

package openwork_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// anew is the push signed anew, as WeCom does for a retry, and encrypted anew
// too if that is wished.
func anew(p *push, n int, encrypt bool) *http.Request {
	c := *p
	c.Nonce, c.Signature, c.RawQuery = "nonce"+strconv.Itoa(n), "", ""
	if encrypt {
		c.Encrypt, c.Body = "", ""
	}
	return c.parts().request()
}

// Whoever repeats a captured push while its handler runs gets 500, and takes
// neither the places of other pushes nor that of WeCom's own retry.
func TestO7_CapturedPushRepeated(t *testing.T) {
	const copies = 1100
	for where, claimer := range claimersToTry {
		for what, plaintext := range map[string]string{"message": textMessage("hello"), "event": dataEvent("change_app_admin")} {
			inFakeTime(t, where+", "+what, func(t *testing.T) {
				f := newFixture(t, withClaims(claimer(openwork.NewMemoryCache())), func(cfg *openwork.Config) { cfg.Logger = silent })
				release := make(chan struct{})
				free := sync.OnceFunc(func() { close(release) })
				defer func() { free(); time.Sleep(time.Minute) }()
				var runs atomic.Int64
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					if msg.Get("N") != "" {
						return next(msg)
					}
					runs.Add(1)
					<-release
					if msg.MsgType == "text" {
						return openwork.Text("the answer"), nil
					}
					return next(msg)
				})
				p := newPush(plaintext, toCorp).parts()
				first := f.start(p.request())
				synctest.Wait()
				waiting, refused := 0, 0
				var answers []<-chan timedAnswer
				crowd := func(n int, make func(i int) *http.Request) {
					answers = nil
					for i := range n {
						answers = append(answers, f.start(make(i)))
					}
					time.Sleep(time.Nanosecond) // everything that is done at once is done
					synctest.Wait()
					waiting, refused = 0, 0
					for _, a := range answers {
						select {
						case w := <-a:
							refused++
							require.Equal(t, http.StatusInternalServerError, w.Code)
							require.Empty(t, w.Body.String())
							require.LessOrEqual(t, w.took, time.Nanosecond, "at once")
						default:
							waiting++
						}
					}
				}
				crowd(copies, func(int) *http.Request { return p.request() })
				require.Equal(t, 1, waiting, "one waits per signature")
				require.Equal(t, copies-1, refused)
				captured := answers

				for i := range 5 {
					w := f.do(newPush(dataEvent("click", "N", strconv.Itoa(i)), toCorp).request())
					require.Equal(t, http.StatusOK, w.Code, "another push was kept out")
				}
				require.Equal(t, 1, f.Health(t.Context()).InFlight, "waiting copies take no place")

				retry := f.start(anew(p, 1, false))
				encryptedAnew := f.start(anew(p, 2, true))
				synctest.Wait()
				require.Empty(t, retry, "WeCom's retry waits for the outcome")
				require.Empty(t, encryptedAnew)
				crowd(copies, func(int) *http.Request { return p.request() })
				require.Zero(t, waiting, "of that signature one waits already")
				crowd(20, func(i int) *http.Request { return anew(p, 100+i, i%2 == 0) })
				require.Equal(t, 1, waiting, "four wait per push")

				time.Sleep(time.Second)
				free()
				synctest.Wait()
				want := ""
				for _, a := range append([]<-chan timedAnswer{first, retry, encryptedAnew}, onlyOpen(captured, answers)...) {
					w := <-a
					require.Equal(t, http.StatusOK, w.Code, "it is answered as the push itself")
					body := w.Body.String()
					if what == "message" {
						_, encrypt, _ := strings.Cut(body, "<Encrypt><![CDATA[")
						encrypt, _, _ = strings.Cut(encrypt, "]]>")
						body, _ = refOpen(t, testKey, encrypt)
						require.Contains(t, body, "the answer")
					} else {
						require.Equal(t, "success", body)
					}
					want = body
				}
				require.NotEmpty(t, want)
				require.EqualValues(t, 1, runs.Load())
				require.Equal(t, http.StatusOK, f.do(p.request()).Code, "and later copies too")
				require.EqualValues(t, 1, runs.Load())
			})
		}
	}
}

// onlyOpen are the answers that have not been read.
func onlyOpen(all ...[]<-chan timedAnswer) (open []<-chan timedAnswer) {
	for _, answers := range all {
		for _, a := range answers {
			if len(a) > 0 {
				open = append(open, a)
			}
		}
	}
	return open
}

// The push fails while copies of it wait: it is the turn of one of them, and
// whoever waits hears how that went.
func TestO7_RepeatedPushThatFails(t *testing.T) {
	for where, claimer := range claimersToTry {
		inFakeTime(t, where, func(t *testing.T) {
			f := newFixture(t, withClaims(claimer(openwork.NewMemoryCache())), func(cfg *openwork.Config) { cfg.Logger = silent })
			release := make(chan struct{})
			free := sync.OnceFunc(func() { close(release) })
			defer func() { free(); time.Sleep(time.Minute) }()
			calls := f.holdFirst(release, errors.New("no"))
			p := newPush(dataEvent("change_app_admin"), toCorp).parts()
			first := f.start(p.request())
			synctest.Wait()
			var answers []<-chan timedAnswer
			for range strangers {
				answers = append(answers, f.start(p.request()))
			}
			retry := f.start(anew(p, 1, true))
			time.Sleep(time.Second)
			free()
			time.Sleep(time.Second)
			synctest.Wait()
			require.Equal(t, http.StatusInternalServerError, (<-first).Code)
			require.Equal(t, http.StatusOK, (<-retry).Code)
			succeeded := 0
			for _, a := range answers {
				if (<-a).Code == http.StatusOK {
					succeeded++
				}
			}
			require.Equal(t, 1, succeeded, "the one that waited")
			require.EqualValues(t, 2, calls.Load())
		})
	}
}

// Places are for pushes whose signature is right: with all of them taken,
// everything else is answered as ever, and genuine pushes are 503.
func TestO7_AllPlacesTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(cfg *openwork.Config) { cfg.MaxInFlight, cfg.Logger = 2, silent })
		release := make(chan struct{})
		free := sync.OnceFunc(func() { close(release) })
		defer func() { free(); time.Sleep(time.Minute) }()
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			<-release
			return next(msg)
		})
		held := []<-chan timedAnswer{}
		for i := range 2 {
			held = append(held, f.start(newPush(dataEvent("click", "N", strconv.Itoa(i)), toCorp).request()))
		}
		synctest.Wait()
		require.Equal(t, http.StatusForbidden, f.do(ofStranger().request()).Code)
		require.Equal(t, http.StatusBadRequest, f.do(newPush("", func(p *push) { p.Body = "<xml></xml>" }).request()).Code)
		require.Equal(t, http.StatusServiceUnavailable, f.do(newPush(dataEvent("click", "N", "3"), toCorp).request()).Code)
		free()
		for _, a := range held {
			require.Equal(t, http.StatusOK, (<-a).Code)
		}
		require.Equal(t, http.StatusOK, f.do(newPush(dataEvent("click", "N", "3"), toCorp).request()).Code)
	})
}

// Of ten thousand copies the handler sees one, a few wait and are answered
// like it, and the others are 500 at once.
func TestR11_TenThousandCopiesOfWhichAFewWait(t *testing.T) {
	const copies = 10_000
	for where, claimer := range claimersToTry {
		for name, row := range map[string]struct {
			most int // how many get an answer, the first included
			sign func(p *push, i int) *http.Request
		}{
			"one signature":            {2, func(p *push, _ int) *http.Request { return p.request() }},
			"each with one of its own": {5, func(p *push, i int) *http.Request { return anew(p, i, false) }},
		} {
			inFakeTime(t, where+", "+name, func(t *testing.T) {
				f := newFixture(t, withClaims(claimer(openwork.NewMemoryCache())), func(cfg *openwork.Config) { cfg.MaxInFlight, cfg.Logger = copies, silent })
				release := make(chan struct{})
				free := sync.OnceFunc(func() { close(release) })
				defer func() { free(); time.Sleep(time.Minute) }()
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					<-release
					return next(msg)
				})
				p := newPush(dataEvent("change_app_admin"), toCorp).parts()
				var succeeded, failed, other atomic.Int64
				for i := range copies {
					r := row.sign(p, i)
					go func() {
						switch w := f.do(r); {
						case w.Code == http.StatusOK && w.Body.String() == "success":
							succeeded.Add(1)
						case w.Code == http.StatusInternalServerError && w.Body.Len() == 0:
							failed.Add(1)
						default:
							other.Add(1)
						}
					}()
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				require.Zero(t, succeeded.Load())
				require.EqualValues(t, copies-row.most, failed.Load(), "at once")
				free()
				time.Sleep(time.Second)
				synctest.Wait()
				require.EqualValues(t, row.most, succeeded.Load())
				require.Zero(t, other.Load())
				require.Len(t, f.handledNames(), 1)
				require.Zero(t, f.Health(t.Context()).InFlight)
			})
		}
	}
}

// The other replica has the push: the copy here waits for the outcome, and for
// authorisation events no longer than its own 900 ms, then it is 500. It is
// never success before the outcome is known.
func TestR7_TheLoserWaitsForItsOwnDeadline(t *testing.T) {
	for where, claimer := range claimersToTry {
		for name, row := range map[string]struct {
			push     *push
			deadline time.Duration
		}{
			"authorisation event": {newPush(command("cancel_auth")), 900 * time.Millisecond},
			"event":               {newPush(dataEvent("change_app_admin"), toCorp), 4500 * time.Millisecond},
		} {
			inFakeTime(t, where+", "+name, func(t *testing.T) {
				shared := openwork.NewMemoryCache()
				winner, loser := newFixture(t, withClaims(claimer(shared))), newFixture(t, withClaims(claimer(shared)))
				release := make(chan struct{})
				free := sync.OnceFunc(func() { close(release) })
				defer func() { free(); time.Sleep(time.Minute) }()
				calls := winner.holdFirst(release, nil)
				p := row.push.parts()
				first := winner.start(p.request())
				synctest.Wait()
				time.Sleep(300 * time.Millisecond) // so that its deadline is another than the winner's
				w := <-loser.start(anew(p, 1, false))
				require.Equal(t, http.StatusInternalServerError, w.Code)
				require.Empty(t, w.Body.String())
				require.LessOrEqual(t, w.took, row.deadline)
				require.GreaterOrEqual(t, w.took, row.deadline-100*time.Millisecond)

				late := loser.start(anew(p, 2, false))
				time.Sleep(400 * time.Millisecond)
				free()
				require.Equal(t, http.StatusOK, (<-late).Code, "the outcome came while it waited")
				<-first
				loser.requireSuccess(anew(p, 3, true))
				require.EqualValues(t, 1, calls.Load())
				require.Empty(t, loser.handledNames())
			})
		}
	}
}

// The claims are another's to give, so a copy in another replica is counted
// there.
func TestO7_CopiesInTwoReplicas(t *testing.T) {
	inFakeTime(t, "each lets one wait", func(t *testing.T) {
		shared := openwork.NewMemoryCache()
		one := newFixture(t, withClaims(newHookedClaimer(shared)), func(cfg *openwork.Config) { cfg.Logger = silent })
		two := newFixture(t, withClaims(newHookedClaimer(shared)), func(cfg *openwork.Config) { cfg.Logger = silent })
		release := make(chan struct{})
		free := sync.OnceFunc(func() { close(release) })
		defer func() { free(); time.Sleep(time.Minute) }()
		one.holdFirst(release, nil)
		p := newPush(dataEvent("change_app_admin"), toCorp).parts()
		first := one.start(p.request())
		synctest.Wait()
		var answers []<-chan timedAnswer
		for range strangers {
			answers = append(answers, two.start(p.request()))
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		refused := 0
		for _, a := range answers {
			refused += len(a)
		}
		require.GreaterOrEqual(t, refused, strangers-4)
		require.Equal(t, http.StatusOK, two.do(newPush(dataEvent("click"), toCorp).request()).Code, "another push was kept out")
		free()
		<-first
		for _, a := range answers {
			require.Contains(t, []int{http.StatusOK, http.StatusInternalServerError}, (<-a).Code)
		}
		require.Zero(t, two.Health(context.Background()).InFlight)
	})
}
