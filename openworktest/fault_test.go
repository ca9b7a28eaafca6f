package openworktest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ipsPath = "/cgi-bin/getcallbackip"

// Each fault as a caller sees it, and whether the call was carried out: it
// exchanges an auth_code, which works once.
func TestInject(t *testing.T) {
	const exchange = "/cgi-bin/service/v2/get_permanent_code"
	for name, row := range map[string]struct {
		fault      openworktest.Fault
		status     int // 0: no answer
		body       string
		took       time.Duration
		carriedOut bool
	}{
		"code":                 {openworktest.Fault{Code: -1}, 200, `{"errcode":-1,`, 0, false},
		"status":               {openworktest.Fault{Status: 502}, 502, "", 0, false},
		"body":                 {openworktest.Fault{Body: "<html>"}, 200, "<html>", 0, false},
		"status and body":      {openworktest.Fault{Status: 302, Body: "moved", Header: http.Header{"Location": {"/"}}}, 302, "moved", 0, false},
		"code and status":      {openworktest.Fault{Code: 45009, Status: 429}, 429, `{"errcode":45009,`, 0, false},
		"delay":                {openworktest.Fault{Delay: 3 * time.Second}, 200, `{"auth_corp_info"`, 3 * time.Second, true},
		"delay of a failure":   {openworktest.Fault{Delay: 3 * time.Second, Code: -1}, 200, `{"errcode":-1,`, 3 * time.Second, false},
		"drop":                 {openworktest.Fault{Drop: true}, 0, "", 0, true},
		"drop late":            {openworktest.Fault{Drop: true, Delay: time.Second}, 0, "", time.Second, true},
		"drop a failure":       {openworktest.Fault{Drop: true, Status: 500}, 0, "", 0, false},
		"longer than it waits": {openworktest.Fault{Delay: time.Minute}, 0, "", 10 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				a := newAPI(t, openworktest.PlatformConfig{})
				corp, authCode, err := a.suite.Authorize(t.Context())
				require.NoError(t, err)
				suiteToken, err := a.client.Suite().Token(t.Context())
				require.NoError(t, err)
				row.fault.Path = exchange
				row.fault.Times = 1
				a.wecom.Inject(row.fault)
				browser := a.wecom.HTTPClient()
				browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				post := func() (int, string) {
					resp, err := browser.Post(openwork.DefaultBaseURL+exchange+"?suite_access_token="+suiteToken, "application/json",
						body(`{"auth_code":"`+authCode+`"}`))
					if err != nil {
						return 0, ""
					}
					defer resp.Body.Close()
					text, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					return resp.StatusCode, string(text)
				}
				began := time.Now()
				status, text := post()
				assert.Equal(t, row.took, time.Since(began))
				assert.Equal(t, row.status, status)
				assert.Truef(t, len(text) >= len(row.body) && text[:len(row.body)] == row.body, "%s", text)
				assert.Equal(t, row.carriedOut, corp.PermanentCode() != "")
				assert.Equal(t, 3, a.wecom.Calls(exchange), "it counts; two were made before")

				_, text = post()
				assert.Equal(t, row.carriedOut, len(text) > 20 && text[:17] == `{"errcode":40078,`, "the fault was for one call: %s", text)
			})
		})
	}
}

// Which calls a fault is for, and for how long.
func TestInject_Which(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		const ips, domain = "GET " + ipsPath + "?access_token={corp_token}", "GET /cgi-bin/get_api_domain_ip?access_token={corp_token}"
		code := func(call string) any { return a.do(t, call)["errcode"] }

		lift := a.wecom.Inject(openworktest.Fault{Path: ipsPath, Code: 1})
		for range 5 {
			assert.Equal(t, 1.0, code(ips))
		}
		assert.Equal(t, 0.0, code(domain))
		lift()
		lift()
		assert.Equal(t, 0.0, code(ips))

		a.wecom.Inject(openworktest.Fault{Path: ipsPath, Code: 2, Times: 2})
		a.wecom.Inject(openworktest.Fault{Code: 3, Times: 2})
		assert.Equal(t, []any{2.0, 3.0, 2.0, 3.0, 0.0, 0.0}, []any{code(ips), code(domain), code(ips), code(ips), code(ips), code(domain)})
	})
}

// A fault and the library: one refresh, one retry.
func TestInject_SeenByAClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		before := a.wecom.Calls("/cgi-bin/service/get_corp_token")
		a.wecom.Inject(openworktest.Fault{Path: ipsPath, Code: 42001, Times: 1})
		_, err := a.client.Corp(a.corp.ID()).CallbackIPs(t.Context())
		require.NoError(t, err)
		assert.Equal(t, before+1, a.wecom.Calls("/cgi-bin/service/get_corp_token"))
		assert.Equal(t, 2, a.wecom.Calls(ipsPath))
	})
}

// Whoever leaves is gone at once, and leaves nothing behind.
func TestInject_CallerLeaves(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		wecom.Inject(openworktest.Fault{Delay: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://qyapi.weixin.qq.com/cgi-bin/gettoken", nil)
		require.NoError(t, err)
		began := time.Now()
		_, err = wecom.HTTPClient().Do(r)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

// An answer can be held back until the test says so.
func TestInject_Until(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		client, err := openwork.NewClient(wecom.NewProvider().ClientConfig())
		require.NoError(t, err)
		release := make(chan struct{})
		wecom.Inject(openworktest.Fault{Until: release, Times: 1})
		answered := make(chan error, 1)
		go func() {
			_, err := client.Provider().Token(t.Context())
			answered <- err
		}()
		time.Sleep(5 * time.Second)
		assert.Empty(t, answered)
		close(release)
		require.NoError(t, <-answered)
		assert.Equal(t, 1, wecom.Calls(""))

		wecom.Inject(openworktest.Fault{Until: make(chan struct{}), Times: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://qyapi.weixin.qq.com/", nil)
		require.NoError(t, err)
		_, err = wecom.HTTPClient().Do(r)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Over a real connection it is the same.
func TestInject_OverHTTP(t *testing.T) {
	t.Parallel()
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
	server := httptest.NewServer(wecom)
	defer server.Close()
	wecom.Inject(openworktest.Fault{Drop: true, Times: 1})
	wecom.Inject(openworktest.Fault{Status: 418, Body: "a teapot", Times: 1})
	transport := &http.Transport{DisableKeepAlives: true}
	r, err := http.NewRequest(http.MethodPost, server.URL, body("x")) // a GET, net/http would repeat
	require.NoError(t, err)
	_, err = transport.RoundTrip(r)
	require.Error(t, err)
	resp, err := http.Get(server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, 418, resp.StatusCode)
	assert.Equal(t, "a teapot", string(text))
}
