package openworktest_test

import (
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The calls that buy a token, and one that it is good for.
var bought = map[string]struct{ buy, field, use string }{
	"suite": {`POST /cgi-bin/service/get_suite_token {"suite_id":"{suite}","suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`,
		"suite_access_token", "GET /cgi-bin/service/get_pre_auth_code?suite_access_token="},
	"provider": {`POST /cgi-bin/service/get_provider_token {"corpid":"{provider}","provider_secret":"{provider_secret}"}`,
		"provider_access_token", `POST /cgi-bin/service/get_customized_auth_url?provider_access_token=`},
	"corp": {`POST /cgi-bin/service/get_corp_token?suite_access_token={suite_token} {"auth_corpid":"{corp}","permanent_code":"{code}"}`,
		"access_token", "GET /cgi-bin/getcallbackip?access_token="},
	"customized":   {"GET /cgi-bin/gettoken?corpid={customer}&corpsecret={customer_code}", "access_token", "GET /cgi-bin/getcallbackip?access_token="},
	"jsapi ticket": {"GET /cgi-bin/get_jsapi_ticket?access_token={corp_token}", "ticket", ""},
	"agent ticket": {"GET /cgi-bin/ticket/get?access_token={corp_token}&type=agent_config", "ticket", ""},
}

// A token stays the same as long as it lives, with what is left of its life;
// then it is expired, which is not the same as invalid.
func TestToken_Life(t *testing.T) {
	for name, row := range bought {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				a := newAPI(t, openworktest.PlatformConfig{})
				buy := func() (string, int) {
					t.Helper()
					answer := a.do(t, row.buy)
					token, _ := answer[row.field].(string)
					require.NotEmpty(t, token, answer)
					require.LessOrEqual(t, len(token), 512)
					left, _ := answer["expires_in"].(float64)
					return token, int(left)
				}
				first, left := buy()
				again, leftThen := buy()
				require.Equal(t, first, again)
				require.InDelta(t, 7200, left, 1)
				require.Equal(t, left, leftThen)
				if name == "suite" { // which must have a ticket still at the end
					requireAccepted(t)(a.suite.SendTicket(t.Context()))
				}
				time.Sleep(1000 * time.Second)
				if name != "suite" { // its ticket is too old for that soon
					again, left = buy()
					require.Equal(t, first, again)
					require.InDelta(t, 6200, left, 1)
				}
				if row.use == "" {
					return
				}
				require.NotContains(t, []float64{40014, 42001, 40082, 42009}, a.do(t, row.use+first+" {}")["errcode"])
				time.Sleep(6200 * time.Second)
				expired := map[string]float64{"suite_access_token": 42009}[row.field]
				if expired == 0 {
					expired = 42001
				}
				require.Equal(t, expired, a.do(t, row.use+first+" {}")["errcode"])
			})
		})
	}
}

// When its life is over there is a new one.
func TestToken_IsNewAfterItsLife(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		buy := func() any { return a.do(t, bought["customized"].buy)["access_token"] }
		first := buy()
		time.Sleep(7199 * time.Second)
		assert.Equal(t, first, buy())
		time.Sleep(time.Second)
		second := buy()
		assert.NotEqual(t, first, second)
		assert.NotNil(t, second)
	})
}

func TestToken_LifeIsConfigured(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{TokenLife: 10 * time.Minute})
		answer := a.do(t, bought["customized"].buy)
		assert.Equal(t, 600.0, answer["expires_in"])
		time.Sleep(10 * time.Minute)
		assert.Equal(t, 42001.0, a.do(t, bought["customized"].use+answer["access_token"].(string))["errcode"])
	})
}

// Expiry follows an injected clock, whatever time has passed.
func TestToken_InjectedClock(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		now := time.Now()
		a := newAPI(t, openworktest.PlatformConfig{Now: func() time.Time { return now }})
		call := "GET /cgi-bin/getcallbackip?access_token={corp_token}"
		time.Sleep(24 * time.Hour)
		assert.Zero(t, a.do(t, call)["errcode"])
		now = now.Add(2 * time.Hour)
		assert.Equal(t, 42001.0, a.do(t, call)["errcode"])
	})
}

// WeCom may end a token before its time: then it is invalid, not expired, and
// the next is another.
func TestToken_EndedEarly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		provider := a.wecom.NewProvider()
		for _, row := range []struct {
			name string
			end  func()
			want float64
		}{{"suite", a.suite.EndToken, 40082}, {"corp", a.corp.EndToken, 40014}, {"customized", a.customer.EndToken, 40014}, {"provider", provider.EndToken, 40014}} {
			// The corp's is bought with the suite's: begin with a good one.
			a.values = append([]string{"{suite_token}", a.do(t, bought["suite"].buy)["suite_access_token"].(string)}, a.values...)
			first := a.do(t, bought[row.name].buy)[bought[row.name].field].(string)
			row.end()
			assert.Equal(t, row.want, a.do(t, bought[row.name].use+first+" {}")["errcode"], row.name)
			second := a.do(t, bought[row.name].buy)[bought[row.name].field].(string)
			assert.NotEqual(t, first, second, row.name)
			assert.NotContains(t, []any{40014.0, 40082.0}, a.do(t, bought[row.name].use+second+" {}")["errcode"], row.name)
		}
	})
}

// Tokens of a suite, a corp and an app are not each other's.
func TestToken_AreOfTheirOwners(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		seen := map[string]bool{}
		for i, value := range a.values {
			if i%2 == 1 {
				assert.False(t, seen[value], "%s is that of another", a.values[i-1])
				seen[value] = true
			}
		}
		other := install(t, a.suite)
		token, err := a.client.Corp(other.ID()).Token(t.Context())
		require.NoError(t, err)
		assert.False(t, seen[token])
		// A ticket of the JS-SDK is no token.
		ticket, err := a.client.Corp(a.corp.ID()).JSAPITicket(t.Context())
		require.NoError(t, err)
		agent, err := a.client.Corp(a.corp.ID()).AgentTicket(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, ticket, agent)
		assert.Equal(t, 40014, errcode(t, a.app, "/cgi-bin/getcallbackip?access_token="+ticket))
	})
}

// Client and platform through a day: one token after the other, and never a
// call that fails.
func TestToken_ClientThroughADay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := install(t, suite)
		for range 24 * 12 {
			time.Sleep(5 * time.Minute)
			requireAccepted(t)(suite.SendTicket(t.Context()))
			_, err := app.client.Corp(corp.ID()).CallbackIPs(t.Context())
			require.NoError(t, err)
			_, err = app.client.PreAuthCode(t.Context())
			require.NoError(t, err)
		}
		time.Sleep(time.Minute) // the Client keeps a token that it was given again for a moment
		requireAccepted(t)(corp.Uninstall(t.Context()))
		_, err := app.client.Corp(corp.ID()).CallbackIPs(t.Context())
		require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
	})
}
