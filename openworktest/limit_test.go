package openworktest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// calls makes n calls and counts those that are answered 45009.
func (a *api) limited(t *testing.T, n int, call string) (limited int) {
	t.Helper()
	for range n {
		if a.do(t, call)["errcode"] == 45009.0 {
			limited++
		}
	}
	return limited
}

// A limit is one API's and one corp's, and blocks for as long as it counts.
func TestLimit(t *testing.T) {
	const ips, domain = "GET /cgi-bin/getcallbackip?access_token=", "GET /cgi-bin/get_api_domain_ip?access_token="
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{PerMinute: 20, PerHour: 50})
		assert.Zero(t, a.limited(t, 20, ips+"{corp_token}"))
		assert.Equal(t, 5, a.limited(t, 5, ips+"{corp_token}"))
		assert.Zero(t, a.limited(t, 1, domain+"{corp_token}"), "another API")
		assert.Zero(t, a.limited(t, 1, ips+"{customer_token}"), "another corp")
		assert.Zero(t, a.limited(t, 1, ips+"x"), "a bad token is found before")
		time.Sleep(59 * time.Second)
		assert.Equal(t, 1, a.limited(t, 1, ips+"{corp_token}"), "still blocked")
		time.Sleep(time.Second)
		assert.Zero(t, a.limited(t, 20, ips+"{corp_token}"))
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 11, a.limited(t, 20, ips+"{corp_token}"), "20, 1, 20 and 9 are the hour's 50")
		time.Sleep(57 * time.Minute)
		assert.Equal(t, 1, a.limited(t, 1, ips+"{corp_token}"))
		time.Sleep(3 * time.Minute)
		assert.Zero(t, a.limited(t, 20, ips+"{corp_token}"))

		// Those of the provider count together, whatever suite they are for.
		const pre = "GET /cgi-bin/service/get_pre_auth_code?suite_access_token="
		assert.Equal(t, 5, a.limited(t, 10, pre+"{suite_token}")+a.limited(t, 15, pre+"{template_token}"))
	})
}

// The limits that WeCom documents.
func TestLimit_Documented(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		assert.Equal(t, 1, a.limited(t, 10_001, "GET /cgi-bin/getcallbackip?access_token={corp_token}"))
		assert.Equal(t, 1, a.limited(t, 101, "GET /cgi-bin/get_jsapi_ticket?access_token={corp_token}"))
		time.Sleep(time.Minute)
		assert.Equal(t, 1, a.limited(t, 1, "GET /cgi-bin/get_jsapi_ticket?access_token={corp_token}"), "by the hour")
		assert.Zero(t, a.limited(t, 1, "GET /cgi-bin/getcallbackip?access_token={corp_token}"), "by the minute")
	})
}

// The limit of the JS-SDK's tickets is an app's.
func TestLimit_TicketsOfTwoApps(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{PerHour: 10})
		other := a.wecom.NewSuite()
		app := newApp(t, other)
		requireAccepted(t)(other.Corp(a.corp.ID()).Install(t.Context()))
		token, err := app.client.Corp(a.corp.ID()).Token(t.Context())
		require.NoError(t, err)
		for _, path := range []string{"get_jsapi_ticket?", "ticket/get?type=agent_config&", "getcallbackip?"} {
			call := "GET /cgi-bin/" + path + "access_token="
			limited := a.limited(t, 10, call+"{corp_token}") + a.limited(t, 10, call+token)
			assert.Equal(t, path == "getcallbackip?", limited > 0, path)
		}
	})
}

// Too many wrong secrets bar all calls for tokens for an hour.
func TestLimit_WrongSecrets(t *testing.T) {
	const suite = `POST /cgi-bin/service/get_suite_token {"suite_id":"{suite}","suite_secret":"%s","suite_ticket":"{ticket}"}`
	wrong := map[string]string{
		"suite_secret":    fmt.Sprintf(suite, "x"),
		"suite_ticket":    strings.Replace(fmt.Sprintf(suite, "{suite_secret}"), "{ticket}", "x", 1),
		"suite_id":        strings.Replace(fmt.Sprintf(suite, "{suite_secret}"), "{suite}", "x", 1),
		"provider_secret": `POST /cgi-bin/service/get_provider_token {"corpid":"{provider}","provider_secret":"x"}`,
		"provider corpid": `POST /cgi-bin/service/get_provider_token {"corpid":"x","provider_secret":"x"}`,
		"permanent_code":  `POST /cgi-bin/service/get_corp_token?suite_access_token={suite_token} {"auth_corpid":"{corp}","permanent_code":"x"}`,
		"corpsecret":      "GET /cgi-bin/gettoken?corpid={customer}&corpsecret=x",
		"another's":       "GET /cgi-bin/gettoken?corpid={corp}&corpsecret={customer_code}",
	}
	for name, call := range wrong {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				a := newAPI(t, openworktest.PlatformConfig{WrongSecrets: 3})
				require.Zero(t, a.limited(t, 2, call))
				require.Zero(t, a.limited(t, 1, fmt.Sprintf(suite, "{suite_secret}")), "not yet")
				require.Zero(t, a.limited(t, 1, call))
				for _, right := range []string{fmt.Sprintf(suite, "{suite_secret}"), bought["provider"].buy, bought["corp"].buy, bought["customized"].buy} {
					require.Equal(t, 1, a.limited(t, 1, right), right)
				}
				require.Zero(t, a.limited(t, 1, "GET /cgi-bin/getcallbackip?access_token={corp_token}"), "no call for a token")
				time.Sleep(time.Hour - time.Second)
				require.Equal(t, 1, a.limited(t, 1, bought["provider"].buy))
				time.Sleep(time.Second)
				require.Zero(t, a.limited(t, 1, bought["provider"].buy))
			})
		})
	}
}
