package openworktest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// api is a platform with a third-party app and a template, a corp of each, and
// what calls need: %s in a row stands for it by name.
type api struct {
	*app
	wecom    *openworktest.Platform
	suite    *openworktest.Suite
	template *openworktest.Template
	corp     *openworktest.Corp // of suite
	customer *openworktest.Corp // of template
	values   []string           // {name}, value, …
}

func newAPI(t *testing.T, config openworktest.PlatformConfig) *api {
	t.Helper()
	wecom := openworktest.NewPlatform(config)
	a := &api{wecom: wecom, suite: wecom.NewSuite(), template: wecom.NewTemplate()}
	a.app = newApp(t, a.suite)
	templateApp := newApp(t, a.template.Suite)
	a.corp, a.customer = install(t, a.suite), install(t, a.template.Suite)
	ctx := t.Context()
	get := func(source openwork.TokenSource) string {
		t.Helper()
		token, err := source.Token(ctx)
		require.NoError(t, err)
		return token
	}
	ticket, err := a.Tickets().Ticket(ctx, a.suite.Config().SuiteID)
	require.NoError(t, err)
	_, authCode, err := a.suite.Authorize(ctx)
	require.NoError(t, err)
	_, templateCode, err := a.template.Authorize(ctx)
	require.NoError(t, err)
	pre, err := a.client.PreAuthCode(ctx)
	require.NoError(t, err)
	a.values = []string{
		"{suite}", a.suite.Config().SuiteID, "{suite_secret}", a.clientConfig.SuiteSecret, "{ticket}", ticket.Value,
		"{provider}", a.clientConfig.ProviderCorpID, "{provider_secret}", a.clientConfig.ProviderSecret,
		"{suite_token}", get(a.client.Suite()), "{template_token}", get(templateApp.client.Suite()),
		"{provider_token}", get(a.client.Provider()),
		"{corp_token}", get(a.client.Corp(a.corp.ID())), "{customer_token}", get(templateApp.client.Corp(a.customer.ID())),
		"{corp}", a.corp.ID(), "{code}", a.corp.PermanentCode(), "{customer}", a.customer.ID(), "{customer_code}", a.customer.PermanentCode(),
		"{template}", a.template.Config().SuiteID, "{auth_code}", authCode, "{template_auth_code}", templateCode, "{pre}", pre.Code,
		"{agent}", a.agentID(t),
	}
	return a
}

func (a *api) agentID(t *testing.T) string {
	t.Helper()
	info, err := a.client.AuthInfo(t.Context(), a.corp.ID())
	require.NoError(t, err)
	return fmt.Sprint(info.AuthInfo.Agents[0].AgentID)
}

// do makes a call such as `POST /cgi-bin/x?token={suite_token} {"corpid":…}`.
func (a *api) do(t *testing.T, call string) map[string]any {
	t.Helper()
	call = strings.NewReplacer(a.values...).Replace(call)
	method, rest, _ := strings.Cut(call, " ")
	path, body, _ := strings.Cut(rest, " ")
	return a.call(t, method, path, body)
}

// Every endpoint of the authorisation's life, called rightly, and with each
// parameter missing, wrong, or of another kind. A kit that says yes to
// everything is worse than none.
func TestAPI_SaysNo(t *testing.T) {
	const (
		suiteToken = "POST /cgi-bin/service/get_suite_token "
		provider   = "POST /cgi-bin/service/get_provider_token "
		corpToken  = "POST /cgi-bin/service/get_corp_token?suite_access_token="
		getToken   = "GET /cgi-bin/gettoken"
		pre        = "GET /cgi-bin/service/get_pre_auth_code?suite_access_token="
		session    = "POST /cgi-bin/service/set_session_info?suite_access_token={suite_token} "
		qr         = "POST /cgi-bin/service/get_customized_auth_url?provider_access_token="
		v2         = "POST /cgi-bin/service/v2/get_permanent_code?suite_access_token="
		v1         = "POST /cgi-bin/service/get_permanent_code?suite_access_token="
		info       = "POST /cgi-bin/service/v2/get_auth_info?suite_access_token="
		infoV1     = "POST /cgi-bin/service/get_auth_info?suite_access_token="
		admins     = "POST /cgi-bin/service/get_admin_list?suite_access_token={suite_token} "
		jsTicket   = "GET /cgi-bin/get_jsapi_ticket?access_token="
		agent      = "GET /cgi-bin/ticket/get?access_token="
		authorized = ` {"auth_corpid":"{corp}","permanent_code":"{code}"}`
	)
	for call, want := range map[string]int{
		suiteToken + `{"suite_id":"{suite}","suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`:    0,
		suiteToken + `{"suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`:                         41021,
		suiteToken + `{"suite_id":"{suite}","suite_ticket":"{ticket}"}`:                                    41024,
		suiteToken + `{"suite_id":"{suite}","suite_secret":"{suite_secret}"}`:                              41023,
		suiteToken + `{"suite_id":"","suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`:           41021,
		suiteToken + `{"suite_id":"ww0","suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`:        40083,
		suiteToken + `{"suite_id":"{suite}","suite_secret":"{provider_secret}","suite_ticket":"{ticket}"}`: 40080,
		suiteToken + `{"suite_id":"{suite}","suite_secret":"{suite_secret}","suite_ticket":"x"}`:           40085,
		suiteToken + `{"suite_id":"{template}","suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`: 40080,
		suiteToken + `{"suite_id":1,"suite_secret":"{suite_secret}","suite_ticket":"{ticket}"}`:            40058,
		suiteToken + `{"suite_id":`: 40058,
		suiteToken + `[]`:           40058,
		suiteToken:                  41021,
		"GET /cgi-bin/service/get_suite_token?suite_id={suite}&suite_secret={suite_secret}&suite_ticket={ticket}": 40063,

		provider + `{"corpid":"{provider}","provider_secret":"{provider_secret}"}`: 0,
		provider + `{"provider_secret":"{provider_secret}"}`:                       41002,
		provider + `{"corpid":"{provider}"}`:                                       41024,
		provider + `{"corpid":"{corp}","provider_secret":"{provider_secret}"}`:     40013,
		provider + `{"corpid":"{provider}","provider_secret":"{suite_secret}"}`:    40001,
		"GET /cgi-bin/service/get_provider_token":                                  40063,

		corpToken + "{suite_token}" + authorized:                                                       0,
		corpToken + authorized:                                                                         41022,
		"POST /cgi-bin/service/get_corp_token" + authorized:                                            41022,
		"POST /cgi-bin/service/get_corp_token?access_token={suite_token}" + authorized:                 41022,
		corpToken + "x" + authorized:                                                                   40082,
		corpToken + "{corp_token}" + authorized:                                                        40082,
		corpToken + "{provider_token}" + authorized:                                                    40082,
		corpToken + `{suite_token} {"permanent_code":"{code}"}`:                                        41002,
		corpToken + `{suite_token} {"auth_corpid":"{corp}"}`:                                           41025,
		corpToken + `{suite_token} {"auth_corpid":"{corp}","permanent_code":"x"}`:                      40084,
		corpToken + `{suite_token} {"auth_corpid":"wp0","permanent_code":"{code}"}`:                    40013,
		corpToken + `{suite_token} {"auth_corpid":"{customer}","permanent_code":"{customer_code}"}`:    40084,
		corpToken + `{template_token} {"auth_corpid":"{customer}","permanent_code":"{customer_code}"}`: 48002,
		"GET /cgi-bin/service/get_corp_token?suite_access_token={suite_token}":                         40063,

		getToken + "?corpid={customer}&corpsecret={customer_code}":            0,
		getToken + "?corpsecret={customer_code}":                              41002,
		getToken + "?corpid={customer}":                                       41004,
		getToken + "?corpid={customer}&corpsecret=x":                          40001,
		getToken + "?corpid=wp0&corpsecret={customer_code}":                   40013,
		getToken + "?corpid={corp}&corpsecret={customer_code}":                40091,
		getToken + "?corpid={corp}&corpsecret={code}":                         40001,
		"POST /cgi-bin/gettoken?corpid={customer}&corpsecret={customer_code}": 40063,

		pre + "{suite_token}": 0,
		pre:                   41022,
		pre + "{corp_token}":  40082,
		"POST /cgi-bin/service/get_pre_auth_code?suite_access_token={suite_token}": 40063,

		session + `{"pre_auth_code":"{pre}","session_info":{"auth_type":1}}`:                                             0,
		session + `{"pre_auth_code":"{pre}","session_info":{}}`:                                                          0,
		session + `{"pre_auth_code":"x","session_info":{"auth_type":1}}`:                                                 40077,
		session + `{"session_info":{"auth_type":1}}`:                                                                     40077,
		session + `{"pre_auth_code":"{pre}"}`:                                                                            40063,
		session + `{"pre_auth_code":"{pre}","session_info":{"auth_type":2}}`:                                             40058,
		session + `{"pre_auth_code":"{pre}","session_info":{"auth_type":"1"}}`:                                           40058,
		strings.Replace(session, "{suite_token}", "{template_token}", 1) + `{"pre_auth_code":"{pre}","session_info":{}}`: 40077,

		qr + `{provider_token} {"state":"x","templateid_list":["{template}"]}`: 0,
		qr + `{suite_token} {"state":"x","templateid_list":["{template}"]}`:    40014,
		qr + ` {"state":"x","templateid_list":["{template}"]}`:                 41001,
		qr + `{provider_token} {"state":"x"}`:                                  40063,
		qr + `{provider_token} {"state":"x","templateid_list":["{suite}"]}`:    40083,
		qr + `{provider_token} {"state":"x","templateid_list":"{template}"}`:   40058,

		v2 + `{suite_token} {"auth_code":"{auth_code}"}`:          0,
		v2 + `{suite_token} {"auth_code":"x"}`:                    40078,
		v2 + `{suite_token} {}`:                                   41008,
		v2 + `{template_token} {"auth_code":"{auth_code}"}`:       40078,
		v2 + `{suite_token} {"auth_code":"{template_auth_code}"}`: 40078,
		v2 + `{provider_token} {"auth_code":"{auth_code}"}`:       40082,
		v1 + `{suite_token} {"auth_code":"{auth_code}"}`:          0,
		v1 + `{suite_token} {"auth_code":"x"}`:                    40078,
		v1 + `{corp_token} {"auth_code":"{auth_code}"}`:           40082,

		info + "{suite_token}" + authorized:                                                       0,
		info + "{corp_token}" + authorized:                                                        40082,
		infoV1 + "{suite_token}" + authorized:                                                     0,
		info + `{suite_token} {"auth_corpid":"{corp}","permanent_code":"{customer_code}"}`:        40084,
		info + `{template_token} {"auth_corpid":"{corp}","permanent_code":"{code}"}`:              40084,
		info + `{template_token} {"auth_corpid":"{customer}","permanent_code":"{customer_code}"}`: 0,
		infoV1 + `{suite_token} {"auth_corpid":"{corp}"}`:                                         41025,

		admins + `{"auth_corpid":"{corp}","agentid":{agent}}`:              0,
		admins + `{"auth_corpid":"{corp}","agentid":1}`:                    40056,
		admins + `{"agentid":{agent}}`:                                     41002,
		admins + `{"auth_corpid":"wp0","agentid":{agent}}`:                 40013,
		admins + `{"auth_corpid":"{customer}","agentid":{agent}}`:          48004,
		admins + `{"auth_corpid":"{corp}","agentid":"x"}`:                  40058,
		"POST /cgi-bin/agent/get_admin_list?access_token={corp_token}":     0,
		"POST /cgi-bin/agent/get_admin_list?access_token={customer_token}": 0,
		"POST /cgi-bin/agent/get_admin_list?access_token={suite_token}":    40014,
		"POST /cgi-bin/agent/get_admin_list":                               41001,

		"GET /cgi-bin/getcallbackip?access_token={corp_token}":        0,
		"GET /cgi-bin/getcallbackip?access_token={suite_token}":       40014,
		"GET /cgi-bin/getcallbackip?suite_access_token={suite_token}": 41001,
		"GET /cgi-bin/getcallbackip":                                  41001,
		"GET /cgi-bin/get_api_domain_ip?access_token={corp_token}":    0,
		"GET /cgi-bin/get_api_domain_ip?access_token=x":               40014,
		jsTicket + "{corp_token}":                                     0,
		jsTicket + "{provider_token}":                                 40014,
		agent + "{corp_token}&type=agent_config":                      0,
		agent + "{corp_token}":                                        40058,
		agent + "x&type=agent_config":                                 40014,
	} {
		t.Run(call, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				a := newAPI(t, openworktest.PlatformConfig{})
				answer := a.do(t, call)
				code, _ := answer["errcode"].(float64)
				require.Equal(t, want, int(code), answer)
				if want != 0 {
					assert.Len(t, answer, 2, "nothing else in a failure")
					assert.Regexp(t, fmt.Sprintf(`^[a-z_, ]+, hint: \[\d+_\d+_[0-9a-z]+\], from ip: [0-9.]+, more info at .*e=%d$`, want), answer["errmsg"])
				}
			})
		})
	}
}

// What is no endpoint is no success either.
func TestAPI_UnknownEndpoint(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		for _, path := range []string{"/cgi-bin/user/get", "/", "/cgi-bin/service/get_suite_token/", "/CGI-BIN/gettoken"} {
			resp, err := wecom.HTTPClient().Get(openwork.DefaultBaseURL + path)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, http.StatusNotFound, resp.StatusCode, path)
			assert.Contains(t, string(body), path)
			assert.Equal(t, 1, wecom.Calls(path))
		}
	})
}

// Endpoints can be added and replaced; the platform looks at the token first.
func TestPlatform_Handle(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{PerMinute: 1000})
		var last *openworktest.Call
		answer := any(map[string]any{"name": "<张三> & co"})
		a.wecom.Handle("/cgi-bin/user/get", func(c *openworktest.Call) any {
			last = c
			return answer
		})
		for _, call := range []string{"GET /cgi-bin/user/get?access_token=x", "GET /cgi-bin/user/get", "GET /cgi-bin/user/get?suite_access_token={corp_token}"} {
			assert.NotZero(t, a.do(t, call)["errcode"], call)
			assert.Nil(t, last, call)
		}
		got := a.do(t, `POST /cgi-bin/user/get?access_token={corp_token}&userid=lisi {"x":1}`)
		assert.Equal(t, map[string]any{"errcode": 0.0, "errmsg": "ok", "name": "<张三> & co"}, got)
		assert.Equal(t, a.corp.ID(), last.CorpID)
		assert.Equal(t, a.suite.Config().SuiteID, last.SuiteID)
		assert.Equal(t, "lisi", last.Query.Get("userid"))
		assert.Equal(t, http.MethodPost, last.Method)
		var body struct{ X int }
		require.NoError(t, last.Decode(&body))
		assert.Equal(t, 1, body.X)
		assert.Equal(t, time.Now(), last.Time)

		a.do(t, "GET /cgi-bin/user/get?suite_access_token={suite_token}")
		assert.Equal(t, a.suite.Config().SuiteID, last.SuiteID)
		assert.Empty(t, last.CorpID)
		a.do(t, "GET /cgi-bin/user/get?provider_access_token={provider_token}")
		assert.Empty(t, last.SuiteID)
		assert.Equal(t, a.suite.Config().ProviderCorpID, last.CorpID)

		answer = openworktest.Errcode(60111)
		got = a.do(t, "GET /cgi-bin/user/get?access_token={corp_token}")
		assert.Equal(t, 60111.0, got["errcode"])
		assert.Regexp(t, "^failed, hint: ", got["errmsg"])
		answer = map[string]any{"errcode": 7, "errmsg": "mine"}
		assert.Equal(t, map[string]any{"errcode": 7.0, "errmsg": "mine"}, a.do(t, "GET /cgi-bin/user/get?access_token={corp_token}"))
		w := httptest.NewRecorder()
		a.wecom.ServeHTTP(w, httptest.NewRequest(http.MethodGet, strings.NewReplacer(a.values...).
			Replace("/cgi-bin/user/get?access_token={corp_token}"), nil))
		assert.JSONEq(t, `{"errcode":7,"errmsg":"mine"}`, w.Body.String())
		assert.Equal(t, 1, strings.Count(w.Body.String(), "errcode"))
		answer = struct{}{}
		assert.Equal(t, map[string]any{"errcode": 0.0, "errmsg": "ok"}, a.do(t, "GET /cgi-bin/user/get?access_token={corp_token}"))
		answer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			w.Header().Set("Content-Type", "image/png")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(got)
		})
		resp, err := a.clientConfig.HTTPClient.Post(openwork.DefaultBaseURL+strings.NewReplacer(a.values...).
			Replace("/cgi-bin/user/get?access_token={corp_token}"), "", strings.NewReader("a picture"))
		require.NoError(t, err)
		picture, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, "a picture", string(picture))
		assert.Equal(t, http.StatusPartialContent, resp.StatusCode)
		assert.Equal(t, "image/png", resp.Header.Get("Content-Type"))

		a.wecom.Handle("/cgi-bin/getcallbackip", func(*openworktest.Call) any { return map[string]any{"ip_list": []string{"mine"}} })
		ips, err := a.client.Corp(a.corp.ID()).CallbackIPs(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{"mine"}, ips)

		// An endpoint may call the API itself: no lock is held.
		a.wecom.Handle("/cgi-bin/outer", func(*openworktest.Call) any {
			_, err := a.client.Corp(a.corp.ID()).CallbackIPs(t.Context())
			assert.NoError(t, err)
			return nil
		})
		require.NoError(t, a.client.Corp(a.corp.ID()).Get(t.Context(), "/cgi-bin/outer", nil, nil))
	})
}

func TestPlatform_CallsAndLog(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		before := a.wecom.Calls("")
		assert.NotZero(t, before)
		assert.Zero(t, a.wecom.Calls("/cgi-bin/getcallbackip"))
		a.do(t, "GET /cgi-bin/getcallbackip?access_token=x")
		time.Sleep(time.Second)
		a.do(t, "GET /cgi-bin/getcallbackip?access_token={corp_token}")
		assert.Equal(t, 2, a.wecom.Calls("/cgi-bin/getcallbackip"), "whatever was answered")
		assert.Equal(t, before+2, a.wecom.Calls(""))
		log := a.wecom.Log("/cgi-bin/getcallbackip")
		require.Len(t, log, 2)
		assert.Empty(t, log[0].CorpID)
		assert.Equal(t, a.corp.ID(), log[1].CorpID)
		assert.Equal(t, time.Second, log[1].Time.Sub(log[0].Time))
		assert.Len(t, a.wecom.Log(""), before+2)

		for range 25_000 {
			a.wecom.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", nil))
		}
		assert.Equal(t, 25_000, a.wecom.Calls("/x"))
		assert.LessOrEqual(t, len(a.wecom.Log("")), 20_000)
		assert.GreaterOrEqual(t, len(a.wecom.Log("")), 10_000)
	})
}

// The clock of the answers is the platform's.
func TestAPI_Date(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Now: func() time.Time { return at }})
	resp, err := wecom.HTTPClient().Get("https://qyapi.weixin.qq.com/cgi-bin/getcallbackip")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "Wed, 02 Jan 2030 03:04:05 GMT", resp.Header.Get("Date"))

	server := httptest.NewServer(wecom)
	defer server.Close()
	resp, err = http.Get(server.URL + "/cgi-bin/getcallbackip")
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, []string{"Wed, 02 Jan 2030 03:04:05 GMT"}, resp.Header["Date"])
}
