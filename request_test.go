package openwork_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

func TestU8_BodyReadByAMiddleware(t *testing.T) {
	t.Parallel()
	for name, middleware := range map[string]func(r *http.Request){
		"read":            func(r *http.Request) { _, _ = io.ReadAll(r.Body) },
		"read and closed": func(r *http.Request) { _, _ = io.ReadAll(r.Body); _ = r.Body.Close() },
		"read as a form": func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			_ = r.ParseForm()
		},
		"replaced by none":  func(r *http.Request) { r.Body = http.NoBody },
		"taken, and is nil": func(r *http.Request) { r.Body = nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				middleware(r)
				f.ServeHTTP(w, r)
			}))
			defer site.Close()
			p := newPush(command("share_agent_change")).parts()
			resp, err := http.Post(site.URL+"/?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
			require.NoError(t, err)
			defer func() { _ = resp.Body.Close() }()
			require.Equal(t, http.StatusBadRequest, resp.StatusCode)
			require.Contains(t, f.log.String(), "0 bytes")
			require.Contains(t, f.log.String(), "middleware")
		})
	}
}

// unwrappable is a ResponseWriter of a framework that hides the connection.
type unwrappable struct{ http.ResponseWriter }

func TestServeHTTP_SaysOnceThatSlowBodiesAreNotCutOff(t *testing.T) {
	t.Parallel()
	const line = "takes no read deadline"
	f := newFixture(t)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.ServeHTTP(unwrappable{w}, r)
	}))
	defer site.Close()
	for range 3 {
		p := newPush(command("share_agent_change")).parts()
		resp, err := http.Post(site.URL+"/?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	require.Equal(t, 1, strings.Count(f.log.String(), line))

	f = newFixture(t)
	site = httptest.NewServer(f)
	defer site.Close()
	p := newPush(command("share_agent_change")).parts()
	resp, err := http.Post(site.URL+"/?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	f.requireSuccess(newPush(command("change_app_admin")).request())
	require.NotContains(t, f.log.String(), line, "where it can, or where there is no connection")
}

// Whoever swallows the panic of AbortOnFailure must not make a success of it.
func TestAbortOnFailure_BehindARecovery(t *testing.T) {
	t.Parallel()
	for name, recovery := range map[string]func(w http.ResponseWriter){
		"that does nothing":     func(http.ResponseWriter) {},
		"that writes a body":    func(w http.ResponseWriter) { _, _ = io.WriteString(w, "sorry") },
		"that answers 200":      func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"that answers 500":      func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"that breaks it itself": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(cfg *openwork.Config) { cfg.AbortOnFailure = true })
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
				return openwork.Success, io.ErrUnexpectedEOF
			})
			var m openwork.Mux
			m.Add("/", f.Server)
			for _, handler := range []http.Handler{f, &m} {
				site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if recover() != nil {
							recovery(w)
						}
					}()
					handler.ServeHTTP(w, r)
				}))
				site.Config.ErrorLog = log.New(io.Discard, "", 0)
				site.Start()
				p := newPush(command("share_agent_change")).parts()
				resp, err := http.Post(site.URL+"/?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
				if err == nil {
					require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
					require.True(t, resp.Close, "Connection: close")
					_ = resp.Body.Close()
				} else {
					require.ErrorIs(t, err, io.EOF)
				}
				site.Close()
			}
		})
	}
}
