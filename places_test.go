package openwork_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// strangers is more than MaxInFlight.
const strangers = 1100

// doorsToTry are the ways to a Server.
var doorsToTry = map[string]func(f *fixture) http.Handler{
	"ServeHTTP": func(f *fixture) http.Handler { return f.Server },
	"Serve": func(f *fixture) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			resp, err := f.Serve(r)
			if err != nil {
				resp = openwork.ErrorResponse(err)
			}
			_ = resp.Send(w)
		})
	},
	"TimeoutHandler": func(f *fixture) http.Handler { return http.TimeoutHandler(f.Server, time.Minute, "") },
	"a writer without Unwrap": func(f *fixture) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.ServeHTTP(struct{ http.ResponseWriter }{w}, r) })
	},
	"a Mux": func(f *fixture) http.Handler {
		mux := &openwork.Mux{}
		mux.Add("", f.Server, newFixture(f.t, suiteB).Server)
		return mux
	},
	"a Mux, TimeoutHandler": func(f *fixture) http.Handler {
		mux := &openwork.Mux{}
		mux.Add("", f.Server, newFixture(f.t, suiteB).Server)
		return http.TimeoutHandler(mux, time.Minute, "")
	},
}

// ofStranger is a push whose signature has the right shape and nothing more.
func ofStranger() *push {
	return newPush(command("change_contact"), func(p *push) { p.Token = "guessed" }).parts()
}

// Whoever has no Token can send the beginnings of bodies, and takes nobody's
// place with them.
func TestO6_HalfSentBodies(t *testing.T) {
	for name, door := range doorsToTry {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			inside := door(f)
			var arrived atomic.Int64
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				arrived.Add(1)
				inside.ServeHTTP(w, r)
			}))
			defer site.Close()
			half := requestHead(ofStranger(), "Content-Length: 400\r\n") + "<x"
			var conns []net.Conn
			defer func() {
				for _, conn := range conns {
					_ = conn.Close()
				}
			}()
			for range strangers {
				conn, err := net.Dial("tcp", site.Listener.Addr().String())
				require.NoError(t, err)
				conns = append(conns, conn)
				_, err = io.WriteString(conn, half)
				require.NoError(t, err)
			}
			waitUntil(t, func() bool { return arrived.Load() == strangers })
			for i := range 20 {
				p := newPush(command("change_contact", "N", strconv.Itoa(i))).parts()
				resp, err := http.Post(site.URL+"/?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, http.StatusOK, resp.StatusCode, "a genuine push was kept out: %s", body)
				require.Equal(t, "success", string(body))
			}
			require.Len(t, f.handledNames(), 20)
		})
	}
}

// waitUntil waits for something that is bound to happen.
func waitUntil(t *testing.T, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			require.Fail(t, "it did not happen in 30 seconds")
		}
	}
}

// heldBody is a body whose last byte is kept back.
type heldBody struct {
	data    string
	read    int
	held    *atomic.Int64 // how many wait for the last byte
	bytes   *atomic.Int64 // what those have got
	release <-chan struct{}
}

func (b *heldBody) Read(p []byte) (int, error) {
	switch left := len(b.data) - 1 - b.read; {
	case left > 0:
		n := copy(p[:min(len(p), left)], b.data[b.read:])
		b.read += n
		return n, nil
	case left == 0:
		b.held.Add(1)
		b.bytes.Add(int64(b.read))
		<-b.release
		b.read++
		return copy(p, b.data[len(b.data)-1:]), nil
	}
	return 0, io.EOF
}

func (b *heldBody) Close() error { return nil }

// padded is the push in an envelope of a size, which nobody signs.
func padded(p *push, size int) string {
	p = p.parts()
	const element = "<Pad></Pad>"
	return strings.Replace(p.Body, "</xml>", "<Pad>"+strings.Repeat("p", size-len(p.Body)-len(element))+"</Pad></xml>", 1)
}

// The bodies of strangers, as large as they may be, hold 64 MiB together.
// Beyond that only small bodies are read, which genuine pushes nearly always
// are; and when the strangers are gone, all are.
func TestO6_LargeBodies(t *testing.T) {
	const mib, most = 1 << 20, 64 << 20
	large := padded(ofStranger(), mib)
	for name, door := range doorsToTry {
		for _, chunked := range []bool{false, true} {
			if chunked && name != "ServeHTTP" && name != "a Mux" || isBrief() && name != "ServeHTTP" && name != "Serve" {
				continue
			}
			t.Run(fmt.Sprintf("%s, without a length: %v", name, chunked), func(t *testing.T) {
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Logger = silent })
				inside := door(f)
				before := heap()
				var held, bytes, refused, other atomic.Int64
				release := make(chan struct{})
				var all sync.WaitGroup
				sent := int64(0)
				send := func() {
					r := ofStrangersRequest(large)
					if chunked {
						r.ContentLength = -1
					}
					r.Body = &heldBody{data: large, held: &held, bytes: &bytes, release: release}
					sent++
					all.Add(1)
					go func() {
						defer all.Done()
						w := httptest.NewRecorder()
						inside.ServeHTTP(w, r)
						switch {
						case w.Code == http.StatusServiceUnavailable && w.Body.Len() == 0:
							refused.Add(1)
						case w.Code != http.StatusForbidden:
							other.Add(1)
						}
					}()
				}
				settle := func() { waitUntil(t, func() bool { return held.Load()+refused.Load()+other.Load() == sent }) }
				for range strangers {
					send()
				}
				settle()
				for before := refused.Load(); refused.Load() == before && sent < 2*strangers; settle() {
					send() // what the crowd gave back while it pushed
				}
				assert.LessOrEqual(t, bytes.Load(), int64(most+most/8), "%d bodies are held", held.Load())
				assert.GreaterOrEqual(t, bytes.Load(), int64(most/2), "%d bodies are held", held.Load())
				assert.Less(t, heap()-before, int64(3*most), "memory")

				for _, size := range []int{500, 16 << 10, 60 << 10} {
					w := httptest.NewRecorder()
					inside.ServeHTTP(w, genuine(size, size))
					assert.Equal(t, http.StatusOK, w.Code, "%d bytes", size)
				}
				w := httptest.NewRecorder()
				inside.ServeHTTP(w, genuine(mib, 1))
				assert.Equal(t, http.StatusServiceUnavailable, w.Code)
				assert.Empty(t, w.Body.String())

				close(release)
				all.Wait()
				assert.Zero(t, other.Load(), "neither 403 nor 503")
				w = httptest.NewRecorder()
				inside.ServeHTTP(w, genuine(mib, 2))
				assert.Equal(t, http.StatusOK, w.Code, "the strangers are gone")
				assert.Zero(t, f.Health(t.Context()).InFlight)
			})
		}
	}
}

func ofStrangersRequest(body string) *http.Request { return ofStranger().requestWithBody(body) }

// genuine is a genuine push in a body of a size.
func genuine(size, n int) *http.Request {
	p := newPush(command("change_contact", "N", strconv.Itoa(n))).parts()
	if size < len(p.Body)+20 {
		return p.request()
	}
	return p.requestWithBody(padded(p, size))
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// Bodies that are verified are none of strangers: a hundred large pushes whose
// handlers still run leave all the room there is.
func TestO6_VerifiedBodiesTakeNoRoom(t *testing.T) {
	const pushes, size = 80, 1 << 20
	for _, name := range []string{"ServeHTTP", "Serve", "a Mux"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			inside := doorsToTry[name](f)
			release := make(chan struct{})
			var running atomic.Int64
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				if msg.Get("N") != "last" {
					running.Add(1)
					<-release
				}
				return next(msg)
			})
			var all sync.WaitGroup
			for i := range pushes {
				r := genuine(size, i)
				all.Add(1)
				go func() {
					defer all.Done()
					inside.ServeHTTP(httptest.NewRecorder(), r)
				}()
			}
			waitUntil(t, func() bool { return running.Load() == pushes })
			p := newPush(command("change_contact", "N", "last")).parts()
			w := httptest.NewRecorder()
			inside.ServeHTTP(w, p.requestWithBody(padded(p, size)))
			close(release)
			all.Wait()
			require.Equal(t, http.StatusOK, w.Code, f.log)
		})
	}
}

// What breaks off, is too large, or is no push gives its room back.
func TestO6_RoomIsGivenBack(t *testing.T) {
	large := padded(ofStranger(), 1<<20)
	bodies := map[string]func() io.Reader{
		"broken off": func() io.Reader {
			return &brokenReader{data: []byte(large[:1<<19]), err: errors.New("connection reset")}
		},
		"too large":       func() io.Reader { return strings.NewReader(large + large) },
		"no envelope":     func() io.Reader { return strings.NewReader(strings.Repeat("x", 1<<20)) },
		"wrong signature": func() io.Reader { return strings.NewReader(large) },
		"a panic": func() io.Reader {
			return readerFunc(func([]byte) (int, error) { panic("a broken body") })
		},
	}
	for _, name := range []string{"ServeHTTP", "Serve", "a Mux"} {
		if isBrief() && name != "a Mux" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Logger = silent })
			inside := doorsToTry[name](f)
			for what, body := range bodies {
				for range 80 { // more than there is room for
					r := ofStrangersRequest(large)
					r.ContentLength, r.Body = -1, io.NopCloser(body())
					func() {
						defer func() { _ = recover() }() // a broken body may be the caller's to recover
						inside.ServeHTTP(httptest.NewRecorder(), r)
					}()
				}
				w := httptest.NewRecorder()
				inside.ServeHTTP(w, genuine(900<<10, len(what)))
				require.Equal(t, http.StatusOK, w.Code, "after %s", what)
			}
			require.Zero(t, f.Health(t.Context()).InFlight)
		})
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
