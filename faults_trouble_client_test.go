package openwork_test

import (
	"context"
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
