package openworktest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A code works once, within its time, for the suite it was made for: the other
// rows are in TestAPI_SaysNo.
func TestAuthCode_WorksOnce(t *testing.T) {
	const v2, v1 = "POST /cgi-bin/service/v2/get_permanent_code?suite_access_token={suite_token} ", "POST /cgi-bin/service/get_permanent_code?suite_access_token={suite_token} "
	for _, pair := range [][2]string{{v2, v2}, {v2, v1}, {v1, v2}, {v1, v1}} {
		t.Run("", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				a := newAPI(t, openworktest.PlatformConfig{})
				const body = `{"auth_code":"{auth_code}"}`
				first := a.do(t, pair[0]+body)
				require.NotEmpty(t, first["permanent_code"], first)
				require.Equal(t, 40078.0, a.do(t, pair[1]+body)["errcode"])
			})
		})
	}
}

func TestAuthCode_Expires(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		exchange := func(code string) any {
			return a.do(t, `POST /cgi-bin/service/v2/get_permanent_code?suite_access_token={suite_token} {"auth_code":"`+code+`"}`)["errcode"]
		}
		_, late, err := a.suite.Authorize(t.Context())
		require.NoError(t, err)
		_, inTime, err := a.suite.Authorize(t.Context())
		require.NoError(t, err)
		time.Sleep(10*time.Minute - time.Second)
		assert.Nil(t, exchange(inTime))
		time.Sleep(time.Second)
		assert.Equal(t, 40078.0, exchange(late))
	})
}

// Each exchange brings another permanent code; the one before and its tokens
// end.
func TestPermanentCode_TheNewestCounts(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		authCode, err := a.corp.Authorize(t.Context())
		require.NoError(t, err)
		require.Zero(t, a.do(t, "GET /cgi-bin/getcallbackip?access_token={corp_token}")["errcode"])
		_, err = a.client.PermanentCode(t.Context(), authCode)
		require.NoError(t, err)
		assert.Equal(t, 40014.0, a.do(t, "GET /cgi-bin/getcallbackip?access_token={corp_token}")["errcode"])
		assert.Equal(t, 40084.0, a.do(t, `POST /cgi-bin/service/get_corp_token?suite_access_token={suite_token} {"auth_corpid":"{corp}","permanent_code":"{code}"}`)["errcode"])
	})
}

// What the answers hold, and what they do not: documents 100776, 97163, 100779.
func TestPermanentCode_Answers(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		for _, suite := range []*openworktest.Suite{wecom.NewSuite(), wecom.NewTemplate().Suite} {
			isTemplate := strings.HasPrefix(suite.Config().SuiteID, "dk")
			app := newApp(t, suite)
			corp := suite.Corp("wpacme000000000001" + suite.Config().SuiteID)
			exchange := func(v1 bool) *openwork.Authorization {
				authCode, err := corp.Authorize(t.Context())
				require.NoError(t, err)
				get := app.client.PermanentCode
				if v1 {
					get = app.client.PermanentCodeV1
				}
				authorization, err := get(t.Context(), authCode)
				require.NoError(t, err)
				assert.Equal(t, corp.PermanentCode(), authorization.PermanentCode)
				assert.Equal(t, corp.ID(), authorization.AuthCorpInfo.CorpID)
				assert.NotEmpty(t, authorization.AuthCorpInfo.CorpName)
				assert.NotEmpty(t, authorization.AuthUserInfo.UserID)
				assert.NotContains(t, string(authorization.Raw), "errcode", "left out, as WeCom may")
				return authorization
			}
			v2 := exchange(false)
			assert.Empty(t, v2.AccessToken)
			assert.Empty(t, v2.AuthInfo.Agents)
			assert.Empty(t, v2.AuthCorpInfo.CorpType)
			assert.NotContains(t, string(v2.Raw), `"state"`)

			v1 := exchange(true)
			assert.Equal(t, isTemplate, v1.AccessToken == "", "not for a customized app")
			if !isTemplate {
				assert.Zero(t, errcode(t, app, "/cgi-bin/getcallbackip?access_token="+v1.AccessToken))
				assert.InDelta(t, 7200, v1.ExpiresIn, 1)
			}
			require.Len(t, v1.AuthInfo.Agents, 1)
			assert.Equal(t, isTemplate, v1.AuthInfo.Agents[0].IsCustomizedApp)
			assert.Equal(t, isTemplate, v1.AuthInfo.Agents[0].Privilege.Level == 0)
			assert.NotEmpty(t, v1.AuthCorpInfo.CorpType)
			assert.NotEmpty(t, v1.AuthCorpInfo.CorpWxQRCode)

			// With everything that there may be.
			requireAccepted(t)(corp.Change(t.Context(), func(a *openwork.Authorization) {
				a.DealerCorpInfo = &openwork.DealerCorpInfo{CorpID: "wpdealer"}
				a.EditionInfo = &openwork.EditionInfo{Agents: []openwork.Edition{{EditionID: "ED1", AppStatus: 3}}}
				a.RegisterCodeInfo = &openwork.RegisterCodeInfo{RegisterCode: "rc"}
				a.AuthCorpInfo.CorpExName.NameList = openwork.StringList{"one", "two"}
				a.AuthInfo.Agents[0].AuthMode = 1
			}))
			corp.SetState("shop7")
			v2 = exchange(false)
			assert.Equal(t, "rc", v2.RegisterCodeInfo.RegisterCode)
			assert.Equal(t, "shop7", v2.State)
			app.codes.put(corp.ID(), v2.PermanentCode)
			for i, ask := range []func() (*openwork.Authorization, error){
				func() (*openwork.Authorization, error) { return app.client.AuthInfo(t.Context(), corp.ID()) },
				func() (*openwork.Authorization, error) { return app.client.AuthInfoV1(t.Context(), corp.ID()) },
			} {
				info, err := ask()
				require.NoError(t, err)
				assert.Equal(t, "wpdealer", info.DealerCorpInfo.CorpID)
				assert.Equal(t, "ED1", info.EditionInfo.Agents[0].EditionID)
				assert.Equal(t, openwork.StringList{"one", "two"}, info.AuthCorpInfo.CorpExName.NameList)
				assert.Equal(t, i == 1, info.AuthCorpInfo.CorpWxQRCode != "", "v1 makes the QR code")
				assert.Nil(t, info.AuthUserInfo)
			}
			admins, err := app.client.Corp(corp.ID()).Admins(t.Context())
			require.NoError(t, err)
			assert.Empty(t, admins, "members have authorised it themselves")

			// Without what there may be none of.
			requireAccepted(t)(corp.Change(t.Context(), func(a *openwork.Authorization) {
				a.AuthInfo.Agents, a.AuthUserInfo = nil, nil
			}))
			info, err := app.client.AuthInfo(t.Context(), corp.ID())
			require.NoError(t, err)
			assert.NotContains(t, string(info.Raw), "auth_info")
		}
	})
}

// Edits of one Change are not seen through what another has kept.
func TestCorp_ChangeSharesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := install(t, suite)
		var kept *openwork.Authorization
		requireAccepted(t)(corp.Change(t.Context(), func(a *openwork.Authorization) { kept = a }))
		kept.AuthInfo.Agents[0].Name = "changed later"
		info, err := app.client.AuthInfo(t.Context(), corp.ID())
		require.NoError(t, err)
		assert.NotEqual(t, "changed later", info.AuthInfo.Agents[0].Name)
	})
}

func TestAdmins(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		admins, err := a.client.Corp(a.corp.ID()).Admins(t.Context())
		require.NoError(t, err)
		require.Len(t, admins, 1)
		assert.Equal(t, 1, admins[0].AuthType)
		assert.Empty(t, admins[0].OpenUserID)
		info, err := a.client.AuthInfo(t.Context(), a.corp.ID())
		require.NoError(t, err)
		older, err := a.client.SuiteAdmins(t.Context(), a.corp.ID(), info.AuthInfo.Agents[0].AgentID)
		require.NoError(t, err)
		require.Len(t, older, 1)
		assert.Equal(t, admins[0].UserID, older[0].UserID)
		assert.Regexp(t, "^wo", older[0].OpenUserID)
		ips, err := a.client.Corp(a.corp.ID()).APIDomainIPs(t.Context())
		require.NoError(t, err)
		assert.NotEmpty(t, ips)
	})
}

// The install link, as a browser follows it: it brings an auth_code back, once.
func TestInstallLink(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		a := newAPI(t, openworktest.PlatformConfig{})
		browser := a.wecom.HTTPClient()
		browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		open := func(link string) (status int, back *url.URL) {
			t.Helper()
			resp, err := browser.Get(link)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			back, err = url.Parse(resp.Header.Get("Location"))
			require.NoError(t, err)
			return resp.StatusCode, back
		}
		code, err := a.client.PreAuthCode(t.Context())
		require.NoError(t, err)
		require.NoError(t, a.client.SetSessionInfo(t.Context(), code.Code, openwork.SessionInfo{AuthType: 1}))
		link := a.client.InstallURL(code.Code, "https://app.example/installed?shop=7", "of this browser")
		status, back := open(link)
		require.Equal(t, http.StatusFound, status)
		assert.Equal(t, "app.example/installed", back.Host+back.Path)
		assert.Equal(t, "7", back.Query().Get("shop"))
		assert.Equal(t, "600", back.Query().Get("expires_in"))
		assert.Equal(t, "of this browser", back.Query().Get("state"))
		authorization, err := a.client.PermanentCode(t.Context(), back.Query().Get("auth_code"))
		require.NoError(t, err)
		corp := a.suite.Corp(authorization.AuthCorpInfo.CorpID)
		assert.Equal(t, authorization.PermanentCode, corp.PermanentCode())
		requireAccepted(t)(corp.Say(t.Context(), "lisi", "hello"))

		for name, link := range map[string]string{
			"a second time":     link,
			"an invented code":  a.client.InstallURL("x", "https://app.example/", ""),
			"another suite":     strings.Replace(a.client.InstallURL(newPreAuthCode(t, a), "https://app.example/", ""), a.suite.Config().SuiteID, a.template.Config().SuiteID, 1),
			"an unknown suite":  strings.Replace(a.client.InstallURL(newPreAuthCode(t, a), "https://app.example/", ""), a.suite.Config().SuiteID, "ww0", 1),
			"nowhere to return": a.client.InstallURL(newPreAuthCode(t, a), "", ""),
		} {
			status, _ := open(link)
			assert.Equal(t, http.StatusBadRequest, status, name)
		}

		late := newPreAuthCode(t, a)
		time.Sleep(1200 * time.Second)
		requireCode(t, 42007, a.client.SetSessionInfo(t.Context(), late, openwork.SessionInfo{}))
		status, _ = open(a.client.InstallURL(late, "https://app.example/", ""))
		assert.Equal(t, http.StatusBadRequest, status)
	})
}

func newPreAuthCode(t *testing.T, a *api) string {
	t.Helper()
	code, err := a.client.PreAuthCode(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1200*time.Second, code.ExpiresIn)
	return code.Code
}
