package openwork_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Many at once, with the HTTP client that there is by default: connections are
// used again, and there are not more than a proxy bears.
func TestD17_ConnectionsOfTheDefaultClient(t *testing.T) {
	for name, c := range map[string]struct{ goroutines, calls, most int }{
		"32":  {32, 60, 64},
		"200": {200, 5, 64},
	} {
		t.Run(name, func(t *testing.T) {
			api := newPretendAPI()
			var opened atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(time.Millisecond)
				api.ServeHTTP(w, r)
			}))
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					opened.Add(1)
				}
			}
			server.Start()
			defer server.Close()
			client, err := openwork.NewClient(openwork.ClientConfig{SuiteID: testSuiteID, SuiteSecret: testSuiteSecret,
				Tickets: freshTickets(t), BaseURL: server.URL,
				PermanentCodes: func(context.Context, string) (string, error) { return testPermanentCode, nil }})
			require.NoError(t, err)
			together(c.goroutines, func(int) {
				for range c.calls {
					assert.NoError(t, client.Corp(testCorp).Get(context.Background(), "/cgi-bin/user/get", nil, nil))
				}
			})
			assert.Equal(t, c.goroutines*c.calls, api.called("user/get"))
			assert.LessOrEqual(t, opened.Load(), int64(c.most))
		})
	}
}

// A database that errs for corps it does not know, where others say "": nothing
// is kept of them, however often they are asked for.
func TestD16_PermanentCodesErrsForUnknownCorps(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*openwork.CorpClient) error{
		"call": func(c *openwork.CorpClient) error {
			return c.Get(context.Background(), "/cgi-bin/user/get", nil, nil)
		},
		"Token":       func(c *openwork.CorpClient) error { _, err := c.Token(context.Background()); return err },
		"JSAPITicket": func(c *openwork.CorpClient) error { _, err := c.JSAPITicket(context.Background()); return err },
		"AgentTicket": func(c *openwork.CorpClient) error { _, err := c.AgentTicket(context.Background()); return err },
	} {
		for why, unknown := range map[string]func() (string, error){
			"errs": func() (string, error) { return "", errAway }, "panics": func() (string, error) { panic("oops") },
			"none": func() (string, error) { return "", nil },
		} {
			runInBubble(t, name+", "+why, func(t *testing.T) {
				f := newClientFixture(t, func(c *openwork.ClientConfig) {
					c.Tickets = keptTickets(t)
					c.PermanentCodes = func(_ context.Context, corpID string) (string, error) {
						if corpID == testCorp {
							return testPermanentCode, nil
						}
						return unknown()
					}
				})
				require.NoError(t, f.Corp(testCorp).Get(context.Background(), "/cgi-bin/user/get", nil, nil))
				for i := range 500 {
					require.Error(t, call(f.Corp(fmt.Sprint("wpstranger", i))))
				}
				assert.Equal(t, 1, openwork.Corps(f.Client))
				assert.Zero(t, openwork.Pauses(f.Client))
				assert.Zero(t, f.api.called("user/get")-1)
			})
		}
	}
}

// A database that is away for a moment costs a corp nothing that is known of it.
func TestD16_RefusedTokenIsRemembered(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		var away atomic.Bool
		cache := &noDelete{newProbeCache()}
		api := newPretendAPI()
		client := tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t), Codes: func(context.Context, string) (string, error) {
			if away.Load() {
				return "", errAway
			}
			return testPermanentCode, nil
		}}.client(t)
		token := requireToken(t, client.Corp(testCorp))
		time.Sleep(time.Second)
		away.Store(true)
		_ = client.Corp(testCorp).Invalidate(context.Background(), token)
		_, err := client.Corp(testCorp).Token(context.Background())
		require.ErrorIs(t, err, errAway)
		away.Store(false)
		time.Sleep(3 * time.Second)
		assert.NotEqual(t, token, requireToken(t, client.Corp(testCorp)), "the refused token came back from the cache")
	})
}

func TestD16_IdleCorps(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		f := newClientFixture(t, func(c *openwork.ClientConfig) {
			c.Tickets = keptTickets(t)
			c.PermanentCodes = func(context.Context, string) (string, error) { return testPermanentCode, nil }
		})
		use := func(corpID string) { requireToken(t, f.Corp(corpID)) }
		for i := range 300 {
			corp := fmt.Sprint("wpcorp", i)
			f.api.knowCode(corp, testPermanentCode)
			use(corp)
		}
		for range 23 {
			time.Sleep(time.Hour)
			use(testCorp)
		}
		assert.Equal(t, 301, openwork.Corps(f.Client))
		for range 3 {
			time.Sleep(time.Hour)
			use(testCorp)
		}
		assert.Equal(t, 1, openwork.Corps(f.Client), "a day without a call")
		use("wpcorp0")
	})
}
