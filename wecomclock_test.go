package openwork_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Our clock is off, or what a proxy says of WeCom's. The time of an exchange is
// WeCom's all the same: an event that follows it is later, and one before it is
// not.
func TestD4_TimeOfAnExchangeIsWeComs(t *testing.T) {
	t.Parallel()
	date := func(at time.Time) string { return at.UTC().Format(http.TimeFormat) }
	for name, header := range map[string]func(wecom time.Time) http.Header{
		"Date": func(wecom time.Time) http.Header { return http.Header{"Date": {date(wecom)}} },
		"Date out of a cache": func(wecom time.Time) http.Header {
			return http.Header{"Date": {date(wecom.Add(-4 * time.Minute))}, "Age": {"240"}}
		},
		"Date of a proxy, an hour behind": func(wecom time.Time) http.Header {
			return http.Header{"Date": {date(wecom.Add(-time.Hour))}}
		},
		"Date of a proxy, an hour ahead": func(wecom time.Time) http.Header {
			return http.Header{"Date": {date(wecom.Add(time.Hour))}}
		},
		"no Date":   func(time.Time) http.Header { return http.Header{"Date": nil} },
		"odd Date":  func(time.Time) http.Header { return http.Header{"Date": {"yesterday"}} },
		"epoch":     func(time.Time) http.Header { return http.Header{"Date": {date(time.Unix(0, 0))}} },
		"Age alone": func(time.Time) http.Header { return http.Header{"Date": nil, "Age": {"0"}} },
	} {
		for _, ahead := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
			runInBubble(t, fmt.Sprint(name, ", ours ahead by ", ahead), func(t *testing.T) {
				wecom := func() time.Time { return time.Now().Add(-ahead).Truncate(time.Second) }
				tickets := openwork.TicketsIn(openwork.NewMemoryCache())
				f := newExchangeFixture(t, 0, func(c *openwork.ClientConfig) { c.Tickets = tickets })
				push := func() {
					require.NoError(t, tickets.PutTicket(context.Background(), testSuiteID, openwork.SuiteTicket{Value: testTicket, Time: wecom()}))
				}
				exchange := func(client *openwork.Client, code string) time.Time {
					f.api.always(exchangeEndpoint, apiAnswer{Header: header(wecom()), Body: f.answer})
					got, err := client.PermanentCode(context.Background(), code)
					require.NoError(t, err)
					return got.Time
				}
				push()
				require.Equal(t, wecom().Unix(), exchange(f.Client, "first").Unix())
				time.Sleep(7 * time.Minute)
				installed := exchange(f.Client, testAuthCode)
				require.Equal(t, wecom().Unix(), installed.Unix())
				push()
				time.Sleep(time.Minute)
				reset := wecom()
				assert.True(t, reset.After(installed), "an event that follows is later")

				// A browser repeats the redirect: the time stays that of the first.
				time.Sleep(10 * time.Minute)
				assert.Equal(t, installed, exchange(f.Client, testAuthCode))
				assert.Equal(t, installed, exchange(f.replica(t), testAuthCode))
				again := exchange(f.Client, "reinstalled")
				assert.True(t, again.After(reset))
				assert.Equal(t, wecom().Unix(), again.Unix())
			})
		}
	}
	runInBubble(t, "nothing to go by", func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		requireToken(t, f.Suite())
		f.config.Tickets = openwork.TicketsIn(openwork.NewMemoryCache()) // the suite's token is in the Cache
		f.api.always(exchangeEndpoint, apiAnswer{Header: http.Header{"Date": nil}, Body: f.answer})
		time.Sleep(time.Minute)
		got, err := f.replica(t).PermanentCode(context.Background(), testAuthCode)
		require.NoError(t, err)
		assert.Equal(t, time.Now().Unix(), got.Time.Unix())
	})
	runInBubble(t, "a ticket seen late does not put the clock back", func(t *testing.T) {
		cache := openwork.NewMemoryCache()
		f := newExchangeFixture(t, 0, func(c *openwork.ClientConfig) { c.Tickets = openwork.TicketsIn(cache) })
		push := func() {
			ticket := openwork.SuiteTicket{Value: testTicket, Time: time.Now()}
			require.NoError(t, openwork.TicketsIn(cache).PutTicket(context.Background(), testSuiteID, ticket))
		}
		f.api.always(exchangeEndpoint, apiAnswer{Header: http.Header{"Date": nil}, Body: f.answer})
		push()
		_, err := f.PermanentCode(context.Background(), "first")
		require.NoError(t, err)
		time.Sleep(10 * time.Minute)
		push()
		time.Sleep(9 * time.Minute)
		got, err := f.PermanentCode(context.Background(), "second")
		require.NoError(t, err)
		assert.Equal(t, time.Now().Unix(), got.Time.Unix())
	})
	runInBubble(t, "a store of tickets that hangs costs little", func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		requireToken(t, f.Suite())
		never := make(chan struct{})
		defer close(never)
		f.config.Tickets = &hookedTickets{TicketStore: freshTickets(t), get: func() { <-never }}
		began := time.Now()
		_, err := f.replica(t).PermanentCode(context.Background(), testAuthCode)
		require.NoError(t, err)
		assert.LessOrEqual(t, time.Since(began), time.Second)
	})
}
