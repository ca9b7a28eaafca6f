package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// However many pushes of a corp wait for it, Resolve is asked once at a time, and has a second, whether it looks at its
// context or not.
func TestMux_ResolveIsAskedOncePerName(t *testing.T) {
	down := errors.New("down")
	for name, c := range map[string]struct {
		resolve func(context.Context) error
		took    time.Duration
		status  int
		calls   int64
	}{
		"slow":                     {func(context.Context) error { time.Sleep(500 * time.Millisecond); return nil }, 500 * time.Millisecond, 200, 1},
		"slow to fail":             {func(context.Context) error { time.Sleep(500 * time.Millisecond); return down }, 500 * time.Millisecond, 500, 1},
		"frozen":                   {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, time.Second, 500, 1},
		"frozen, and deaf to it":   {func(context.Context) error { time.Sleep(10 * time.Second); return nil }, time.Second, 500, 1},
		"slow, and panics at last": {func(context.Context) error { time.Sleep(500 * time.Millisecond); panic("oops") }, 500 * time.Millisecond, 500, 1},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			customized := newFixture(t, customizedC)
			var calls atomic.Int64
			began := time.Now()
			m := openwork.Mux{Resolve: func(ctx context.Context, toUserName string) (*openwork.Server, error) {
				calls.Add(1)
				if deadline, ok := ctx.Deadline(); !ok || deadline.Sub(began) != time.Second {
					t.Error("Resolve has no deadline, or another")
				}
				return customized.Server, c.resolve(ctx)
			}}
			m.Add("", newFixture(t).Server)
			const pushes = 50
			answers := make(chan timedAnswer, pushes)
			for i := range pushes {
				r := newPush(dataEvent("x", "N", strconv.Itoa(i)), toC).request()
				go func() {
					w := httptest.NewRecorder()
					w.Code = 0
					defer func() {
						_ = recover()
						answers <- timedAnswer{w, time.Since(began)}
					}()
					m.ServeHTTP(w, r)
				}()
			}
			for range pushes {
				w := <-answers
				require.Equal(t, c.status, w.Code)
				require.Equal(t, c.took, w.took)
			}
			require.Equal(t, c.calls, calls.Load())
			time.Sleep(10 * time.Second) // until one that is deaf ends
		})
	}
}

// What Resolve said is asked again after a second where it does not fit: the corp may just have installed the app, or its
// pair may have been changed. Until then nobody makes it ask again.
func TestMux_ResolveIsDoubtedAfterASecond(t *testing.T) {
	changed := func(cfg *openwork.Config) { cfg.Token = "changed" }
	for name, before := range map[string]func(*testing.T) *openwork.Server{
		"there was none":       func(*testing.T) *openwork.Server { return nil },
		"the pair was another": func(t *testing.T) *openwork.Server { return newFixture(t, customizedC).Server },
	} {
		for _, earlier := range []time.Duration{0, time.Minute} { // that it was asked first
			inFakeTime(t, fmt.Sprintf("%s, asked %v before", name, earlier), func(t *testing.T) {
				now, calls := before(t), 0
				m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { calls++; return now, nil }}
				m.Add("/", newFixture(t).Server)
				serial := 0
				send := func(token string) int {
					serial++
					p := newPush(dataEvent("x", "N", strconv.Itoa(serial)), toC, func(p *push) { p.Token = token })
					return throughMux(&m, "/", p.request()).Code
				}
				send(muxTokenC)
				time.Sleep(earlier)
				calls = 0
				for range 100 {
					require.Equal(t, 403, send("made up"))
				}
				require.LessOrEqual(t, calls, 1, "made-up pushes make it ask and ask")
				now = newFixture(t, customizedC, changed).Server
				time.Sleep(time.Second)
				require.Equal(t, 200, send("changed"))
				require.Equal(t, 403, send(muxTokenC))
				calls = 0
				time.Sleep(9 * time.Minute)
				require.Equal(t, 200, send("changed"))
				require.Zero(t, calls, "what fits is believed for longer")
			})
		}
	}
}

// The time that a push takes is counted from its arrival, whatever it waits for until its Server is known.
func TestMux_TimesCountFromArrival(t *testing.T) {
	const late = 800 * time.Millisecond
	for name, c := range map[string]struct {
		edit       func(*push)
		slow, body time.Duration // Resolve, the body
	}{
		"a slow Resolve": {toC, late, 0},
		"a late body":    {toB, 0, late},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			seen := &observations{}
			b, customized := newFixture(t, suiteB, seen.watch), newFixture(t, customizedC, seen.watch)
			m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) {
				time.Sleep(c.slow)
				return customized.Server, nil
			}}
			m.Add("/", newFixture(t).Server, b.Server)
			began := time.Now()
			for _, f := range []*fixture{b, customized} {
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					deadline, _ := msg.Context().Deadline()
					assert.Equal(t, 4500*time.Millisecond, deadline.Sub(began))
					return next(msg)
				})
			}
			r := newPush(dataEvent("x"), toCorp, c.edit).request()
			r.Body = &lateBody{ReadCloser: r.Body, late: c.body}
			require.Equal(t, 200, throughMux(&m, "/", r).Code)
			all := seen.take()
			require.Len(t, all, 1)
			require.Equal(t, late, all[0].Duration)
		})
	}
}

// Who sends a forged push in a corp's name must not put that corp's Server out, whatever the database says meanwhile.
func TestMux_ForgedPushLeavesAGoodServer(t *testing.T) {
	for name, down := range map[string]bool{"database is up": false, "database is down": true} {
		inFakeTime(t, name, func(t *testing.T) {
			calls := 0
			good := newFixture(t, customizedC)
			m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) {
				if calls++; calls == 1 {
					return good.Server, nil
				} else if down {
					return nil, io.ErrUnexpectedEOF
				}
				return newFixture(t, customizedC).Server, nil
			}}
			m.Add("/", newFixture(t).Server)
			genuine := newPush(dataEvent("x"), toC).parts()
			require.Equal(t, 200, throughMux(&m, "/", genuine.request()).Code, name)
			time.Sleep(2 * time.Second) // until Resolve may be asked again
			forged := throughMux(&m, "/", newPush(dataEvent("x"), toC, func(p *push) { p.Token = "forged" }).request())
			require.Equal(t, 2, calls, "%s: this shows nothing", name)
			require.NotEqual(t, 200, forged.Code, name)
			require.Equal(t, 200, throughMux(&m, "/", genuine.request()).Code, name)
			require.Equal(t, []string{"x"}, good.handledNames(), "%s: the copy is known, by the same Server", name)
			require.Equal(t, 2, calls, name)
		})
	}
}

func TestMux_ResolveIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFixture(t, customizedC)
		rows := map[string]struct {
			server *openwork.Server
			err    error
			again  int // questions that the second push costs
		}{"found": {c.Server, nil, 0}, "not found": {nil, nil, 0}, "error": {nil, errors.New("down"), 1}}
		for name, row := range rows {
			calls := 0
			m := openwork.Mux{Keep: 20 * time.Minute, Resolve: func(context.Context, string) (*openwork.Server, error) { calls++; return row.server, row.err }}
			p := newPush(dataEvent("x"), toC)
			code := throughMux(&m, "/", p.request()).Code
			require.Equal(t, code, throughMux(&m, "/", p.request()).Code, name)
			require.Equal(t, 1+row.again, calls, name)
			time.Sleep(21 * time.Minute)
			calls = 0
			throughMux(&m, "/", p.request())
			require.Equal(t, 1, calls, "%s: asked anew after Keep", name)
		}

		calls := 0
		m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { calls++; return c.Server, nil }}
		throughMux(&m, "/", newPush(dataEvent("x"), toC).request())
		m.Remove("customized")
		throughMux(&m, "/", newPush(dataEvent("x"), toC).request())
		require.Equal(t, 2, calls, "Remove forgets what Resolve found")
	})
}
