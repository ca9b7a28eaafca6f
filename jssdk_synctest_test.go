package openwork_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The number of ticket calls is limited: a ticket is kept for its life, renewed ahead of its end, and shared by replicas.
func TestJSSDK_TicketsAreKept(t *testing.T) {
	for name, js := range jsSigns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newJSFixture(t, func(c *openwork.ClientConfig) { c.Tickets = alwaysFresh{} })
				replica, err := openwork.NewClient(f.config)
				require.NoError(t, err)
				endpoint := strings.TrimPrefix(js.path, "/cgi-bin/")
				get := func() (first string) {
					for _, client := range []*openwork.Client{f.Client, replica, f.Client} {
						ticket, err := js.ticket(t.Context(), client.Corp(testCorp))
						require.NoError(t, err)
						if first == "" {
							first = ticket
						}
						assert.Equal(t, first, ticket)
					}
					return first
				}
				early := get()
				time.Sleep(100 * time.Minute)
				assert.Equal(t, early, get())
				assert.Equal(t, 1, f.api.called(endpoint))

				time.Sleep(20 * time.Minute)
				assert.NotEqual(t, early, get())
				assert.Equal(t, 2, f.api.called(endpoint))
				for _, key := range f.store.keys() {
					assert.NotContains(t, key, secretMark)
				}
			})
		})
	}
}

// Many pages at once ask WeCom once.
func TestJSSDK_OneFetchForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newJSFixture(t)
		f.api.script("get_jsapi_ticket", apiAnswer{Delay: time.Second})
		var wg sync.WaitGroup
		for range 50 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				_, err := f.Corp(testCorp).SignConfig(t.Context(), "https://app.example/")
				assert.NoError(t, err)
			}()
		}
		wg.Wait()
		assert.Equal(t, 1, f.api.called("get_jsapi_ticket"))
		assert.Equal(t, 1, f.api.called("get_corp_token"))
	})
}

// A ticket that lives on after the corp's token did is served without one.
func TestJSSDK_TicketOutlivesTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newJSFixture(t)
		early, err := f.Corp(testCorp).JSAPITicket(t.Context())
		require.NoError(t, err)
		f.api.expire(f.tokenIssued(corpKind))
		f.api.always("get_corp_token", apiAnswer{Code: -1})
		time.Sleep(time.Hour)
		late, err := f.Corp(testCorp).JSAPITicket(t.Context())
		require.NoError(t, err)
		assert.Equal(t, early, late)
	})
}

// A failing renewal leaves the ticket in use as long as it is good.
func TestJSSDK_FailedRenewalKeepsTheTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newJSFixture(t, func(c *openwork.ClientConfig) { c.Tickets = alwaysFresh{} })
		early, err := f.Corp(testCorp).JSAPITicket(t.Context())
		require.NoError(t, err)
		f.api.always("get_jsapi_ticket", apiAnswer{Code: -1})
		time.Sleep(7200*time.Second - 2*time.Minute)
		late, err := f.Corp(testCorp).JSAPITicket(t.Context())
		require.NoError(t, err)
		assert.Equal(t, early, late)
		time.Sleep(3 * time.Minute)
		_, err = f.Corp(testCorp).JSAPITicket(t.Context())
		requireAPIError(t, err, -1)
	})
}

// The limit of one replica's call is that of all.
func TestJSSDK_LimitedInColdReplicas(t *testing.T) {
	for name, js := range jsSigns {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newJSFixture(t)
				endpoint := strings.TrimPrefix(js.path, "/cgi-bin/")
				f.api.always(endpoint, apiAnswer{Code: 45009, Delay: 300 * time.Millisecond})
				var replicas []*openwork.Client
				var wg sync.WaitGroup
				for range 10 {
					replica, err := openwork.NewClient(f.config)
					require.NoError(t, err)
					replicas = append(replicas, replica)
					wg.Add(1)
					go func() {
						defer wg.Done()
						_, err := js.ticket(t.Context(), replica.Corp(testCorp))
						var apiErr *openwork.APIError
						if assert.ErrorAs(t, err, &apiErr) {
							assert.Equal(t, 45009, apiErr.Code)
						}
					}()
				}
				wg.Wait()
				assert.Equal(t, 1, f.api.called(endpoint))
				f.api.always(endpoint, apiAnswer{})
				time.Sleep(2 * time.Minute)
				for _, replica := range replicas {
					_, err := js.ticket(t.Context(), replica.Corp(testCorp))
					require.NoError(t, err)
				}
				assert.Equal(t, 2, f.api.called(endpoint))
			})
		})
	}
}

// alwaysFresh is a ticket store that a ticket has just been put in, whatever the time.
type alwaysFresh struct{}

func (alwaysFresh) PutTicket(context.Context, string, openwork.SuiteTicket) error { return nil }

func (alwaysFresh) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{Value: testTicket, Time: time.Now().Truncate(time.Second)}, nil
}
