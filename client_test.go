package openwork_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The largest answers of the documentation: every field there is, and one that is not documented.
const (
	answerAuthorizationV1 = `{
		"access_token": "s3cr3t-corp-token-of-exchange", "expires_in": 7200, "permanent_code": "s3cr3t-new-permanent-code",
		"state": "state1", "brand_new": {"kept": [1, 2]},
		"dealer_corp_info": {"corpid": "wwdealer", "corp_name": "Dealer"},
		"auth_corp_info": ` + answerCorp + `,
		"auth_info": {"agent": [` + answerAgent + `]},
		"auth_user_info": {"userid": "zhangsan", "open_userid": "wozhangsan", "name": "Zhang San", "avatar": "https://a.example/1"},
		"register_code_info": {"register_code": "code1", "template_id": "tpl1", "state": "state2"},
		"edition_info": ` + answerEdition + `}`
	answerAuthorizationV2 = `{
		"permanent_code": "s3cr3t-new-permanent-code", "state": "state1", "brand_new": {"kept": [1, 2]},
		"auth_corp_info": {"corpid": "wpcustomer00000001", "corp_name": "Customer"},
		"auth_user_info": {"userid": "zhangsan", "open_userid": "wozhangsan", "name": "Zhang San", "avatar": "https://a.example/1"},
		"register_code_info": {"register_code": "code1", "template_id": "tpl1", "state": "state2"}}`
	answerAuthInfo = `{
		"dealer_corp_info": {"corpid": "wwdealer", "corp_name": "Dealer"},
		"auth_corp_info": ` + answerCorp + `,
		"auth_info": {"agent": [` + answerAgent + `]},
		"edition_info": ` + answerEdition + `}`

	answerCorp = `{
		"corpid": "wpcustomer00000001", "corp_name": "Customer", "corp_type": "verified",
		"corp_square_logo_url": "https://a.example/square", "corp_user_max": 50, "corp_agent_max": 30,
		"corp_full_name": "Customer Ltd", "verified_end_time": 1431775834, "subject_type": 1,
		"corp_wxqrcode": "https://a.example/qr", "corp_scale": "1-50", "corp_industry": "IT",
		"corp_sub_industry": "Software", "location": "Guangzhou", "corp_ex_name": {"name_list": ["Other", "Another"]}}`
	answerAgent = `{
		"agentid": 1000001, "name": "App", "round_logo_url": "https://a.example/round",
		"square_logo_url": "https://a.example/logo", "appid": 3, "auth_mode": 1, "is_customized_app": true,
		"auth_from_thirdapp": true,
		"privilege": {"level": 1, "allow_party": [1, 2], "allow_user": ["zhangsan", "lisi"], "allow_tag": [3],
			"extra_party": [4, 5], "extra_user": ["wangwu"], "extra_tag": [6, 7]},
		"shared_from": {"corpid": "wwparent", "share_type": 1}}`
	answerEdition = `{"agent": [{
		"agentid": 1000001, "edition_id": "RLS1", "edition_name": "Full", "app_status": 3, "user_limit": 200,
		"expired_time": 1541990791, "is_virtual_version": true, "is_shared_from_other_corp": true}]}`
)

// What the answers above must be read as.
func wantCorp() openwork.AuthCorpInfo {
	return openwork.AuthCorpInfo{
		CorpID: testCorp, CorpName: "Customer", CorpType: "verified", CorpSquareLogoURL: "https://a.example/square",
		CorpUserMax: 50, CorpAgentMax: 30, CorpFullName: "Customer Ltd", VerifiedEndTime: 1431775834, SubjectType: 1,
		CorpWxQRCode: "https://a.example/qr", CorpScale: "1-50", CorpIndustry: "IT", CorpSubIndustry: "Software",
		Location: "Guangzhou", CorpExName: openwork.CorpExName{NameList: openwork.StringList{"Other", "Another"}},
	}
}

func wantAuthInfo() *openwork.Authorization {
	return &openwork.Authorization{
		DealerCorpInfo: &openwork.DealerCorpInfo{CorpID: "wwdealer", CorpName: "Dealer"},
		AuthCorpInfo:   wantCorp(),
		AuthInfo: openwork.AuthInfo{Agents: []openwork.Agent{{
			AgentID: 1000001, Name: "App", RoundLogoURL: "https://a.example/round", SquareLogoURL: "https://a.example/logo",
			AppID: 3, AuthMode: 1, IsCustomizedApp: true, FromThirdParty: true,
			Privilege: openwork.Privilege{
				Level: 1, AllowParty: []int64{1, 2}, AllowUser: []string{"zhangsan", "lisi"}, AllowTag: []int64{3},
				ExtraParty: []int64{4, 5}, ExtraUser: []string{"wangwu"}, ExtraTag: []int64{6, 7},
			},
			SharedFrom: openwork.SharedFrom{CorpID: "wwparent", ShareType: 1},
		}}},
		EditionInfo: &openwork.EditionInfo{Agents: []openwork.Edition{{
			AgentID: 1000001, EditionID: "RLS1", EditionName: "Full", AppStatus: 3, UserLimit: 200,
			ExpiredTime: 1541990791, IsVirtualVersion: true, IsSharedFromOtherCorp: true,
		}}},
	}
}

func wantAuthorizationV2() *openwork.Authorization {
	return &openwork.Authorization{
		PermanentCode: "s3cr3t-new-permanent-code", State: "state1",
		AuthCorpInfo: openwork.AuthCorpInfo{CorpID: testCorp, CorpName: "Customer"},
		AuthUserInfo: &openwork.AuthUserInfo{
			UserID: "zhangsan", OpenUserID: "wozhangsan", Name: "Zhang San", Avatar: "https://a.example/1",
		},
		RegisterCodeInfo: &openwork.RegisterCodeInfo{RegisterCode: "code1", TemplateID: "tpl1", State: "state2"},
	}
}

func wantAuthorizationV1() *openwork.Authorization {
	want := wantAuthInfo()
	v2 := wantAuthorizationV2()
	want.PermanentCode, want.State = v2.PermanentCode, v2.State
	want.AuthUserInfo, want.RegisterCodeInfo = v2.AuthUserInfo, v2.RegisterCodeInfo
	want.AccessToken, want.ExpiresIn = "s3cr3t-corp-token-of-exchange", 7200
	return want
}

// endpointCase is a typed method, the request it must make, and the answer it must read.
type endpointCase struct {
	name   string
	call   func(ctx context.Context, c *openwork.Client) (any, error)
	method string
	path   string
	kind   kindOfToken // of the token in the query, beside which there must be nothing
	body   string      // JSON; "" means that none is needed
	answer string      // without errcode and errmsg
	want   any         // nil: the method returns an error only
}

func endpointCases() []endpointCase {
	return []endpointCase{{
		name:   "2.3 get_pre_auth_code",
		call:   func(ctx context.Context, c *openwork.Client) (any, error) { return c.PreAuthCode(ctx) },
		method: "GET", path: "/cgi-bin/service/get_pre_auth_code", kind: suiteKind,
		answer: `{"pre_auth_code": "s3cr3t-pre", "expires_in": 1200}`,
		want:   &openwork.PreAuthCode{Code: "s3cr3t-pre", ExpiresIn: 20 * time.Minute},
	}, {
		name: "2.4 set_session_info, of an app that is published",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return nil, c.SetSessionInfo(ctx, "s3cr3t-pre", openwork.SessionInfo{})
		},
		method: "POST", path: "/cgi-bin/service/set_session_info", kind: suiteKind,
		body:   `{"pre_auth_code": "s3cr3t-pre", "session_info": {"auth_type": 0}}`,
		answer: `{}`,
	}, {
		name: "2.4 set_session_info, every field",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return nil, c.SetSessionInfo(ctx, "s3cr3t-pre", openwork.SessionInfo{AppID: []int64{1, 2}, AuthType: 1})
		},
		method: "POST", path: "/cgi-bin/service/set_session_info", kind: suiteKind,
		body:   `{"pre_auth_code": "s3cr3t-pre", "session_info": {"appid": [1, 2], "auth_type": 1}}`,
		answer: `{}`,
	}, {
		name: "2.5 get_customized_auth_url",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return c.CustomizedAuthURL(ctx, "state1", "dktemplate1", "dktemplate2")
		},
		method: "POST", path: "/cgi-bin/service/get_customized_auth_url", kind: providerKind,
		body:   `{"state": "state1", "templateid_list": ["dktemplate1", "dktemplate2"]}`,
		answer: `{"qrcode_url": "https://a.example/qr", "expires_in": 864000}`,
		want:   &openwork.CustomizedAuthURL{QRCodeURL: "https://a.example/qr", ExpiresIn: 240 * time.Hour},
	}, {
		name: "2.6 get_permanent_code v2",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return c.PermanentCode(ctx, testAuthCode)
		},
		method: "POST", path: "/cgi-bin/service/v2/get_permanent_code", kind: suiteKind,
		body:   `{"auth_code": "` + testAuthCode + `"}`,
		answer: answerAuthorizationV2, want: wantAuthorizationV2(),
	}, {
		name: "2.6 get_permanent_code v1",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return c.PermanentCodeV1(ctx, testAuthCode)
		},
		method: "POST", path: "/cgi-bin/service/get_permanent_code", kind: suiteKind,
		body:   `{"auth_code": "` + testAuthCode + `"}`,
		answer: answerAuthorizationV1, want: wantAuthorizationV1(),
	}, {
		name:   "2.7 get_auth_info v2",
		call:   func(ctx context.Context, c *openwork.Client) (any, error) { return c.AuthInfo(ctx, testCorp) },
		method: "POST", path: "/cgi-bin/service/v2/get_auth_info", kind: suiteKind,
		body:   `{"auth_corpid": "` + testCorp + `", "permanent_code": "` + testPermanentCode + `"}`,
		answer: answerAuthInfo, want: wantAuthInfo(),
	}, {
		name:   "2.7 get_auth_info v1",
		call:   func(ctx context.Context, c *openwork.Client) (any, error) { return c.AuthInfoV1(ctx, testCorp) },
		method: "POST", path: "/cgi-bin/service/get_auth_info", kind: suiteKind,
		body:   `{"auth_corpid": "` + testCorp + `", "permanent_code": "` + testPermanentCode + `"}`,
		answer: answerAuthInfo, want: wantAuthInfo(),
	}, {
		name:   "2.9 agent/get_admin_list",
		call:   func(ctx context.Context, c *openwork.Client) (any, error) { return c.Corp(testCorp).Admins(ctx) },
		method: "POST", path: "/cgi-bin/agent/get_admin_list", kind: corpKind,
		answer: `{"admin": [{"userid": "zhangsan", "auth_type": 1}, {"userid": "lisi", "auth_type": 0}]}`,
		want:   []openwork.Admin{{UserID: "zhangsan", AuthType: 1}, {UserID: "lisi", AuthType: 0}},
	}, {
		name: "2.9 service/get_admin_list",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return c.SuiteAdmins(ctx, testCorp, 1000001)
		},
		method: "POST", path: "/cgi-bin/service/get_admin_list", kind: suiteKind,
		body:   `{"auth_corpid": "` + testCorp + `", "agentid": 1000001}`,
		answer: `{"admin": [{"userid": "zhangsan", "open_userid": "wozhangsan", "auth_type": 1}]}`,
		want:   []openwork.Admin{{UserID: "zhangsan", OpenUserID: "wozhangsan", AuthType: 1}},
	}, {
		name: "2.10 getcallbackip",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return c.Corp(testCorp).CallbackIPs(ctx)
		},
		method: "GET", path: "/cgi-bin/getcallbackip", kind: corpKind,
		answer: `{"ip_list": ["192.0.2.1", "198.51.100.0/24"]}`,
		want:   []string{"192.0.2.1", "198.51.100.0/24"},
	}, {
		name: "2.10 get_api_domain_ip",
		call: func(ctx context.Context, c *openwork.Client) (any, error) {
			return c.Corp(testCorp).APIDomainIPs(ctx)
		},
		method: "GET", path: "/cgi-bin/get_api_domain_ip", kind: corpKind,
		answer: `{"ip_list": ["192.0.2.7"]}`,
		want:   []string{"192.0.2.7"},
	}}
}

// Every endpoint that has a typed method: what is sent, and every documented field of the answer.
// For historic reasons errcode is guaranteed on failure only, so its absence is success.
func TestClient_Endpoints(t *testing.T) {
	for _, test := range endpointCases() {
		for variant, head := range map[string]string{
			"":                    `"errcode": 0, "errmsg": "ok"`,
			", errcode absent":    ``,
			", errmsg of failure": `"errcode": 48002, "errmsg": "api forbidden, hint: [1700000000_1_abc], more info at https://a.example"`,
		} {
			t.Run(test.name+variant, func(t *testing.T) {
				t.Parallel()
				f := newClientFixture(t)
				body := mergeJSON(t, test.answer, "{"+head+"}")
				f.api.always(strings.TrimPrefix(strings.TrimPrefix(test.path, "/cgi-bin/"), "service/"), apiAnswer{Body: body})

				got, err := test.call(t.Context(), f.Client)

				sent := f.sentTo(test.path)
				require.Len(t, sent, 1, "requests to %s; there were %v", test.path, f.paths())
				assert.Equal(t, test.method, sent[0].method)
				assert.Equal(t, url.Values{string(test.kind): {f.tokenIssued(test.kind)}}, sent[0].url.Query())
				if test.body != "" {
					assert.JSONEq(t, test.body, sent[0].body)
					assert.Contains(t, sent[0].header.Get("Content-Type"), "application/json")
				} else {
					assert.Contains(t, []string{"", "{}"}, sent[0].body)
				}
				if strings.Contains(head, "48002") {
					var apiErr *openwork.APIError
					require.ErrorAs(t, err, &apiErr)
					assert.Equal(t, 48002, apiErr.Code)
					assert.Contains(t, apiErr.Op, test.path[strings.LastIndex(test.path, "/")+1:])
					return
				}
				require.NoError(t, err)
				if test.want == nil {
					return
				}
				if authorization, ok := got.(*openwork.Authorization); ok {
					require.NotNil(t, authorization)
					assert.JSONEq(t, body, string(authorization.Raw), "Raw is the whole answer, with what the type does not name")
					assert.Equal(t, strings.Contains(test.path, "get_permanent_code"), !authorization.Time.IsZero())
					authorization.Raw, authorization.Time = nil, time.Time{}
				}
				assert.Equal(t, test.want, got)
			})
		}
	}
}

// A field that the answers above leave empty would not be compared at all.
func TestClient_EndpointsCompareEveryField(t *testing.T) {
	full := wantAuthorizationV1()
	full.Raw, full.Time = json.RawMessage("{}"), time.Unix(1, 0) // which are tested apart
	requireFilled(t, "Authorization", reflect.ValueOf(full))
}

func requireFilled(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	require.False(t, v.IsZero(), "%s is never tested: it is empty", name)
	if v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		requireFilled(t, name, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			requireFilled(t, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			requireFilled(t, name+"[0]", v.Index(0))
		}
	}
}

// The calls behind the tokens: §2.1, §2.2, §2.8.
func TestClient_TokenEndpoints(t *testing.T) {
	t.Run("get_suite_token", func(t *testing.T) {
		f := newClientFixture(t)
		_, err := f.Suite().Token(t.Context())
		require.NoError(t, err)
		requireRequest(t, f.only(), "POST", "/cgi-bin/service/get_suite_token", url.Values{},
			`{"suite_id": "`+testSuiteID+`", "suite_secret": "`+testSuiteSecret+`", "suite_ticket": "`+testTicket+`"}`)
	})
	t.Run("get_provider_token", func(t *testing.T) {
		f := newClientFixture(t)
		_, err := f.Provider().Token(t.Context())
		require.NoError(t, err)
		requireRequest(t, f.only(), "POST", "/cgi-bin/service/get_provider_token", url.Values{},
			`{"corpid": "`+testProvider+`", "provider_secret": "`+testProviderSecret+`"}`)
	})
	t.Run("get_corp_token", func(t *testing.T) {
		f := newClientFixture(t)
		_, err := f.Corp(testCorp).Token(t.Context())
		require.NoError(t, err)
		sent := f.sentTo("/cgi-bin/service/get_corp_token")
		require.Len(t, sent, 1)
		requireRequest(t, sent[0], "POST", "/cgi-bin/service/get_corp_token",
			url.Values{"suite_access_token": {f.tokenIssued(suiteKind)}},
			`{"auth_corpid": "`+testCorp+`", "permanent_code": "`+testPermanentCode+`"}`)
		assert.Empty(t, f.sentTo("/cgi-bin/gettoken"))
	})
	t.Run("gettoken", func(t *testing.T) {
		f := newClientFixture(t, customizedApps)
		_, err := f.Corp(testCorp).Token(t.Context())
		require.NoError(t, err)
		requireRequest(t, f.only(), "GET", "/cgi-bin/gettoken",
			url.Values{"corpid": {testCorp}, "corpsecret": {testPermanentCode}}, "")
	})
}

// A template's corps get their tokens with the permanent code as secret. No suite token takes part, so not even a
// suite_ticket is needed.
func TestClient_CustomizedAppsUseGettoken(t *testing.T) {
	f := newClientFixture(t, customizedApps, func(c *openwork.ClientConfig) {
		c.Tickets = openwork.TicketsIn(openwork.NewMemoryCache())
	})
	require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
	require.NoError(t, f.Corp(testCorp).Post(t.Context(), "/cgi-bin/message/send", nil, nil))
	assert.Equal(t, []string{"/cgi-bin/gettoken", "/cgi-bin/user/get", "/cgi-bin/message/send"}, f.paths())
}

func TestClient_InstallURL(t *testing.T) {
	f := newClientFixture(t)
	link, err := url.Parse(f.InstallURL("pre&1", "https://app.example/install/callback?x=1&y=2#f", "a b/ü"))
	require.NoError(t, err)
	assert.Equal(t, "https://open.work.weixin.qq.com/3rdapp/install", link.Scheme+"://"+link.Host+link.Path)
	assert.Empty(t, link.Fragment)
	assert.Equal(t, url.Values{
		"suite_id": {testSuiteID}, "pre_auth_code": {"pre&1"},
		"redirect_uri": {"https://app.example/install/callback?x=1&y=2#f"}, "state": {"a b/ü"},
	}, link.Query())
	assert.Empty(t, f.paths(), "no call is made")
}

// The example in the documentation has a string where the text says list; elsewhere it is absent.
func TestClient_NameListIsAStringOrAList(t *testing.T) {
	for corp, want := range map[string]openwork.StringList{
		`{"corp_ex_name": {"name_list": ["a", "b"]}}`: {"a", "b"},
		`{"corp_ex_name": {"name_list": []}}`:         nil,
		`{"corp_ex_name": {"name_list": "a"}}`:        {"a"},
		`{"corp_ex_name": {"name_list": ""}}`:         nil,
		`{"corp_ex_name": {"name_list": null}}`:       nil,
		`{"corp_ex_name": {}}`:                        nil,
		`{"corp_ex_name": null}`:                      nil,
		`{}`:                                          nil,
	} {
		t.Run(corp, func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("v2/get_auth_info", apiAnswer{Body: `{"auth_corp_info": ` + corp + `}`})
			got, err := f.AuthInfo(t.Context(), testCorp)
			require.NoError(t, err)
			if len(want) == 0 {
				assert.Empty(t, got.AuthCorpInfo.CorpExName.NameList)
			} else {
				assert.Equal(t, want, got.AuthCorpInfo.CorpExName.NameList)
			}
		})
	}
}

// Whatever is in its place, nothing else of the answer is lost, before it or after it: least of all the permanent code, for
// which the auth_code is used up.
func TestClient_NameListOfAnyShape(t *testing.T) {
	const code = `"permanent_code":"` + secretMark + `-code","state":"mine"`
	const agents = `"auth_info":{"agent":[{"agentid":7,"name":"seven"}]}`
	for list, want := range map[string]openwork.StringList{
		`[{"name":"x"}]`: nil, `7`: nil, `{}`: nil, `true`: nil, `[[]]`: nil, `[1,"a"]`: {"a"}, `["a",null,"b"]`: {"a", "b"},
	} {
		corp := `"auth_corp_info":{"corp_ex_name":{"name_list":` + list + `},"corpid":"` + testCorp + `","corp_name":"Customer"}`
		for where, body := range map[string]string{
			"before": "{" + corp + "," + code + "," + agents + "}",
			"after":  "{" + code + "," + agents + "," + corp + "}",
		} {
			for how, get := range map[string]func(ctx context.Context, c *openwork.Client) (*openwork.Authorization, error){
				"v2/get_permanent_code": func(ctx context.Context, c *openwork.Client) (*openwork.Authorization, error) {
					return c.PermanentCode(ctx, testAuthCode)
				},
				"get_permanent_code": func(ctx context.Context, c *openwork.Client) (*openwork.Authorization, error) {
					return c.PermanentCodeV1(ctx, testAuthCode)
				},
				"v2/get_auth_info": func(ctx context.Context, c *openwork.Client) (*openwork.Authorization, error) {
					return c.AuthInfo(ctx, testCorp)
				},
			} {
				t.Run(list+" "+where+", "+how, func(t *testing.T) {
					f := newClientFixture(t)
					f.api.always(how, apiAnswer{Body: body})
					got, err := get(t.Context(), f.Client)
					require.NoError(t, err)
					assert.Equal(t, secretMark+"-code", got.PermanentCode)
					assert.Equal(t, "mine", got.State)
					assert.Equal(t, testCorp, got.AuthCorpInfo.CorpID)
					assert.Equal(t, "Customer", got.AuthCorpInfo.CorpName)
					assert.Equal(t, []openwork.Agent{{AgentID: 7, Name: "seven"}}, got.AuthInfo.Agents)
					assert.Equal(t, want, got.AuthCorpInfo.CorpExName.NameList)
					assert.JSONEq(t, body, string(got.Raw))
				})
			}
		}
	}
}

// How long the QR code is good has no bound of ours, as a token's life has: what makes sense is kept, and nothing is negative.
func TestClient_CustomizedAuthURLExpiresIn(t *testing.T) {
	const absurd = -1
	for expiresIn, want := range map[string]time.Duration{
		"7200": 2 * time.Hour, "604800": 7 * 24 * time.Hour, `"604800"`: 7 * 24 * time.Hour,
		"0": 0, "-1": 0, `"-604800"`: 0, "-9223372036854775808": 0, `"x"`: 0, `""`: 0, "null": 0, "true": 0, "{}": 0,
		"9223372037": absurd, "9223372036854775807": absurd, "1e300": absurd, `"9223372036854775807"`: absurd,
	} {
		t.Run(expiresIn, func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("get_customized_auth_url", apiAnswer{
				Body: `{"errcode":0,"errmsg":"ok","expires_in":` + expiresIn + `,"qrcode_url":"https://a.example/qr"}`,
			})
			got, err := f.CustomizedAuthURL(t.Context(), "state", "template")
			require.NoError(t, err)
			assert.Equal(t, "https://a.example/qr", got.QRCodeURL)
			if want == absurd {
				assert.GreaterOrEqual(t, got.ExpiresIn, time.Duration(0))
				assert.Less(t, got.ExpiresIn, 100*365*24*time.Hour)
			} else {
				assert.Equal(t, want, got.ExpiresIn)
			}
		})
	}
}

// The second agent of the official sample has neither auth_mode nor privilege; an address-book app has no auth_info.
func TestClient_AuthInfoWithoutOptionalParts(t *testing.T) {
	f := newClientFixture(t)
	f.api.script("v2/get_auth_info",
		apiAnswer{Body: `{"errcode":0,"auth_corp_info":{"corpid":"x"},"auth_info":{"agent":[{"agentid":1,"auth_mode":1},{"agentid":2,"name":"second"}]}}`},
		apiAnswer{Body: `{"errcode":0,"auth_corp_info":{"corpid":"x"}}`})
	got, err := f.AuthInfo(t.Context(), testCorp)
	require.NoError(t, err)
	assert.Equal(t, []openwork.Agent{{AgentID: 1, AuthMode: 1}, {AgentID: 2, Name: "second"}}, got.AuthInfo.Agents)

	got, err = f.AuthInfo(t.Context(), testCorp)
	require.NoError(t, err)
	assert.Empty(t, got.AuthInfo.Agents)
	assert.Nil(t, got.DealerCorpInfo)
	assert.Nil(t, got.AuthUserInfo)
	assert.Nil(t, got.RegisterCodeInfo)
	assert.Nil(t, got.EditionInfo)
}

// Under member authorisation there are no administrators.
func TestClient_AdminsMayBeNone(t *testing.T) {
	for _, body := range []string{`{"errcode":0,"admin":[]}`, `{"errcode":0}`} {
		f := newClientFixture(t)
		f.api.always("agent/get_admin_list", apiAnswer{Body: body})
		admins, err := f.Corp(testCorp).Admins(t.Context())
		require.NoError(t, err)
		assert.Empty(t, admins)
	}
}

// Each row breaks one thing in a configuration that works.
func TestNewClient_Refuses(t *testing.T) {
	valid := func() openwork.ClientConfig {
		return openwork.ClientConfig{
			SuiteID: testSuiteID, SuiteSecret: testSuiteSecret, Tickets: freshTickets(t),
			ProviderCorpID: testProvider, ProviderSecret: testProviderSecret,
		}
	}
	_, err := openwork.NewClient(valid())
	require.NoError(t, err)
	for name, test := range map[string]struct {
		edit func(*openwork.ClientConfig)
		says string
	}{
		"a suite without its secret":    {func(c *openwork.ClientConfig) { c.SuiteSecret = "" }, "Secret"},
		"a suite without ticket store":  {func(c *openwork.ClientConfig) { c.Tickets = nil }, "Tickets"},
		"a provider without its secret": {func(c *openwork.ClientConfig) { c.ProviderSecret = "" }, "Secret"},
		"neither suite nor provider":    {func(c *openwork.ClientConfig) { *c = openwork.ClientConfig{} }, "SuiteID"},
		"a negative limit":              {func(c *openwork.ClientConfig) { c.MaxAnswerBytes = -1 }, "MaxAnswerBytes"},
		"a limit beyond 1 GiB":          {func(c *openwork.ClientConfig) { c.MaxAnswerBytes = 1<<30 + 1 }, "MaxAnswerBytes"},
		"a base URL that is none":       {func(c *openwork.ClientConfig) { c.BaseURL = "qyapi.weixin.qq.com" }, "BaseURL"},
	} {
		t.Run(name, func(t *testing.T) {
			config := valid()
			test.edit(&config)
			client, err := openwork.NewClient(config)
			require.Error(t, err)
			assert.Nil(t, client)
			assert.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), secretMark)
		})
	}
	for name, edit := range map[string]func(*openwork.ClientConfig){
		"a suite only":         func(c *openwork.ClientConfig) { c.ProviderCorpID, c.ProviderSecret = "", "" },
		"a provider only":      func(c *openwork.ClientConfig) { c.SuiteID, c.SuiteSecret, c.Tickets = "", "", nil },
		"a base URL with a /":  func(c *openwork.ClientConfig) { c.BaseURL = "https://qyapi.weixin.qq.com/" },
		"a base URL on a path": func(c *openwork.ClientConfig) { c.BaseURL = "https://proxy.example/wecom" },
	} {
		t.Run("but not "+name, func(t *testing.T) {
			config := valid()
			edit(&config)
			_, err := openwork.NewClient(config)
			assert.NoError(t, err)
		})
	}
}

func TestNewAccessToken_Refuses(t *testing.T) {
	fetch := func(context.Context) (string, time.Duration, error) { return "token", time.Hour, nil }
	for name, build := range map[string]func() (openwork.TokenSource, error){
		"provider without CorpID": func() (openwork.TokenSource, error) {
			return openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{Secret: testProviderSecret})
		},
		"provider without Secret": func() (openwork.TokenSource, error) {
			return openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{CorpID: testProvider})
		},
		"suite without SuiteID": func() (openwork.TokenSource, error) {
			return openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{Secret: testSuiteSecret, Tickets: freshTickets(t)})
		},
		"suite without Secret": func() (openwork.TokenSource, error) {
			return openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{SuiteID: testSuiteID, Tickets: freshTickets(t)})
		},
		"suite without Tickets": func() (openwork.TokenSource, error) {
			return openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{SuiteID: testSuiteID, Secret: testSuiteSecret})
		},
		"corp without CorpID": func() (openwork.TokenSource, error) {
			return openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{PermanentCode: testPermanentCode})
		},
		"corp without PermanentCode": func() (openwork.TokenSource, error) {
			return openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{CorpID: testCorp})
		},
		"cached without Key": func() (openwork.TokenSource, error) {
			return openwork.NewCachedToken(openwork.CachedTokenConfig{Fetch: fetch})
		},
		"cached without Fetch": func() (openwork.TokenSource, error) {
			return openwork.NewCachedToken(openwork.CachedTokenConfig{Key: "key"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			source, err := build()
			require.Error(t, err)
			assert.True(t, reflect.ValueOf(source).IsNil())
			assert.ErrorContains(t, err, name[strings.LastIndex(name, " ")+1:])
			assert.NotContains(t, err.Error(), secretMark)
		})
	}
}

// What the configuration does not give can't be called: an error says so before anything is sent.
func TestClient_CallsWithoutWhatTheyNeed(t *testing.T) {
	suiteOnly := func(c *openwork.ClientConfig) { c.ProviderCorpID, c.ProviderSecret = "", "" }
	providerOnly := func(c *openwork.ClientConfig) { c.SuiteID, c.SuiteSecret, c.Tickets = "", "", nil }
	noCodes := func(c *openwork.ClientConfig) { c.PermanentCodes = nil }
	for name, test := range map[string]struct {
		edit func(*openwork.ClientConfig)
		call func(ctx context.Context, c *openwork.Client) error
	}{
		"the provider of a suite": {suiteOnly, func(ctx context.Context, c *openwork.Client) error {
			return c.Provider().Get(ctx, "/cgi-bin/x", nil, nil)
		}},
		"the provider's token of a suite": {suiteOnly, func(ctx context.Context, c *openwork.Client) error {
			_, err := c.Provider().Token(ctx)
			return err
		}},
		"CustomizedAuthURL of a suite": {suiteOnly, func(ctx context.Context, c *openwork.Client) error {
			_, err := c.CustomizedAuthURL(ctx, "s", "t")
			return err
		}},
		"the suite of a provider": {providerOnly, func(ctx context.Context, c *openwork.Client) error {
			return c.Suite().Post(ctx, "/cgi-bin/x", nil, nil)
		}},
		"PermanentCode of a provider": {providerOnly, func(ctx context.Context, c *openwork.Client) error {
			_, err := c.PermanentCode(ctx, testAuthCode)
			return err
		}},
		"a corp of a provider": {providerOnly, func(ctx context.Context, c *openwork.Client) error {
			return c.Corp(testCorp).Get(ctx, "/cgi-bin/x", nil, nil)
		}},
		"a corp without PermanentCodes": {noCodes, func(ctx context.Context, c *openwork.Client) error {
			return c.Corp(testCorp).Get(ctx, "/cgi-bin/x", nil, nil)
		}},
		"AuthInfo without PermanentCodes": {noCodes, func(ctx context.Context, c *openwork.Client) error {
			_, err := c.AuthInfo(ctx, testCorp)
			return err
		}},
		"a corp without id": {func(*openwork.ClientConfig) {}, func(ctx context.Context, c *openwork.Client) error {
			return c.Corp("").Get(ctx, "/cgi-bin/x", nil, nil)
		}},
		"PermanentCode without auth_code": {func(*openwork.ClientConfig) {}, func(ctx context.Context, c *openwork.Client) error {
			_, err := c.PermanentCode(ctx, "")
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newClientFixture(t, test.edit)
			require.Error(t, test.call(t.Context(), f.Client))
			assert.Empty(t, f.paths(), "nothing is sent")
		})
	}
}

// caller is one of the three kinds of client, and what its calls must carry.
type callerCase struct {
	kind kindOfToken
	of   func(*openwork.Client) openwork.Caller
}

var callerCases = []callerCase{
	{suiteKind, func(c *openwork.Client) openwork.Caller { return c.Suite().Caller }},
	{providerKind, func(c *openwork.Client) openwork.Caller { return c.Provider().Caller }},
	{corpKind, func(c *openwork.Client) openwork.Caller { return c.Corp(testCorp).Caller }},
}

// The kind of token is in the type: each call carries its own parameter, and no other token.
func TestCaller_AttachesTheRightToken(t *testing.T) {
	const path = "/cgi-bin/any/thing"
	for _, test := range callerCases {
		t.Run(string(test.kind), func(t *testing.T) {
			f := newClientFixture(t)
			caller := test.of(f.Client)

			query := url.Values{"userid": {"张 三&x=1"}, "list": {"a", "b"}}
			var out struct{ Owner string }
			require.NoError(t, caller.Get(t.Context(), path, query, &out))
			require.NoError(t, caller.Post(t.Context(), path, map[string]any{"text": "<你好> & \u2028"}, nil))
			require.NoError(t, caller.Do(t.Context(), "PUT", path, query, struct {
				N int `json:"n"`
			}{7}, &out))

			assert.Equal(t, url.Values{"userid": {"张 三&x=1"}, "list": {"a", "b"}}, query, "the caller's query stays as it was")
			assert.Contains(t, []string{testSuiteID, testProvider, testCorp}, out.Owner)
			sent := f.sentTo(path)
			require.Len(t, sent, 3)
			token := f.tokenIssued(test.kind)
			with := url.Values{string(test.kind): {token}, "userid": {"张 三&x=1"}, "list": {"a", "b"}}
			requireRequest(t, sent[0], "GET", path, with, "")
			requireRequest(t, sent[1], "POST", path, url.Values{string(test.kind): {token}}, `{"text": "<你好> & \u2028"}`)
			requireRequest(t, sent[2], "PUT", path, with, `{"n": 7}`)
			assert.Contains(t, sent[1].header.Get("Content-Type"), "application/json")
			own, err := caller.Token(t.Context())
			require.NoError(t, err)
			assert.Equal(t, token, own)
		})
	}
}

// A parameter of the token's name in the caller's query does not get past the token.
func TestCaller_TokenInTheQueryIsReplaced(t *testing.T) {
	for _, test := range callerCases {
		t.Run(string(test.kind), func(t *testing.T) {
			f := newClientFixture(t)
			query := url.Values{string(test.kind): {"stale", "older"}}
			require.NoError(t, test.of(f.Client).Get(t.Context(), "/cgi-bin/any/thing", query, nil))
			assert.Equal(t, url.Values{string(test.kind): {f.tokenIssued(test.kind)}}, f.sentTo("/cgi-bin/any/thing")[0].url.Query())
		})
	}
}

func TestCaller_InAndOut(t *testing.T) {
	f := newClientFixture(t)
	f.api.handle("echo", func(call apiCall) apiAnswer {
		if call.Body == "" {
			return apiAnswer{Body: `{"errcode":0,"sent":"nothing"}`}
		}
		return apiAnswer{Body: `{"errcode":0,"sent":` + call.Body + `}`}
	})
	corp := f.Corp(testCorp)

	var raw json.RawMessage
	require.NoError(t, corp.Post(t.Context(), "/cgi-bin/echo", json.RawMessage(`{"a":[1]}`), &raw))
	assert.JSONEq(t, `{"errcode":0,"sent":{"a":[1]}}`, string(raw))

	var fields map[string]any
	require.NoError(t, corp.Post(t.Context(), "/cgi-bin/echo", map[string]int{"b": 2}, &fields))
	assert.Equal(t, map[string]any{"b": 2.0}, fields["sent"])

	require.NoError(t, corp.Post(t.Context(), "/cgi-bin/echo", nil, nil))
	assert.Contains(t, []string{"", "{}"}, f.sentTo("/cgi-bin/echo")[2].body)

	before := len(f.requests())
	require.Error(t, corp.Post(t.Context(), "/cgi-bin/echo", make(chan int), nil))
	assert.Len(t, f.requests(), before, "what can't be written as JSON is not sent")
}

// An answer with another type than asked for is an error, and does not end up half read as a success.
func TestCaller_AnswerOfAnotherShape(t *testing.T) {
	f := newClientFixture(t)
	f.api.always("any/thing", apiAnswer{Body: `{"errcode":0,"owner":{"an":"object"}}`})
	var out struct{ Owner string }
	require.Error(t, f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", nil, &out))
}

func TestAPIError_CodeMessageOpAndHint(t *testing.T) {
	for name, test := range map[string]struct {
		errmsg, message, hint string
	}{
		"WeCom's form": {
			"invalid userid, hint: [1700000000_123_0a1b2c], from ip: 192.0.2.1, more info at https://open.work.weixin.qq.com/devtool/query?e=60111",
			"invalid userid", "[1700000000_123_0a1b2c], from ip: 192.0.2.1",
		},
		"no address": {
			"invalid userid, hint: [1700000000_123_0a1b2c], more info at https://open.work.weixin.qq.com/devtool/query?e=60111",
			"invalid userid", "[1700000000_123_0a1b2c]",
		},
		"address at the end": {
			"not allow to access from your ip, hint: [1_2_3], from ip: 2001:db8::1", "not allow to access from your ip",
			"[1_2_3], from ip: 2001:db8::1",
		},
		"hint at the end": {"invalid userid, hint: [1700000000_123_0a1b2c]", "invalid userid", "[1700000000_123_0a1b2c]"},
		"no hint":         {"invalid userid", "invalid userid", ""},
		"hint unclosed":   {"invalid userid, hint: [17000", "invalid userid", ""},
		"Chinese":         {"用户不存在, hint: [1_2_3]", "用户不存在", "[1_2_3]"},
		"empty":           {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("user/list_id", apiAnswer{Body: fmt.Sprintf(`{"errcode":60111,"errmsg":%q}`, test.errmsg)})
			err := f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/list_id", nil, nil)

			var apiErr *openwork.APIError
			require.ErrorAs(t, err, &apiErr)
			assert.Equal(t, 60111, apiErr.Code)
			assert.Contains(t, apiErr.Op, "list_id")
			if test.hint != "" || !strings.Contains(test.errmsg, "hint") {
				assert.Equal(t, test.hint, apiErr.Hint)
				assert.True(t, strings.HasPrefix(apiErr.Message, test.message), apiErr.Message)
				assert.NotContains(t, apiErr.Message, "hint")
			}
			for _, part := range []string{"list_id", "60111", test.message} {
				assert.Contains(t, err.Error(), part)
			}
			assert.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked)
		})
	}
}

// The codes that mean "the corp has removed the app", on a corp's call; on others they are what they are.
func TestClient_ErrAuthorizationRevoked(t *testing.T) {
	for _, code := range []int{40084, 48004, 301007, 2000002} {
		t.Run(fmt.Sprint(code, " answers a corp's call"), func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("user/get", apiAnswer{Code: code})
			requireRevokedBy(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil), code)
			requireRevokedBy(t, f.Corp(testCorp).Post(t.Context(), "/cgi-bin/user/get", nil, nil), code)
		})
		t.Run(fmt.Sprint(code, " answers get_corp_token"), func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("get_corp_token", apiAnswer{Code: code})
			requireRevokedBy(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil), code)
			_, err := f.Corp(testCorp).Token(t.Context())
			requireRevokedBy(t, err, code)
			assert.Empty(t, f.sentTo("/cgi-bin/user/get"))
		})
		t.Run(fmt.Sprint(code, " answers get_corp_token of a CorpAccessToken"), func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("get_corp_token", apiAnswer{Code: code})
			source, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{
				CorpID: testCorp, PermanentCode: testPermanentCode, Suite: f.Suite(), HTTPClient: f.api.client(),
			})
			require.NoError(t, err)
			_, err = source.Token(t.Context())
			requireRevokedBy(t, err, code)
		})
		t.Run(fmt.Sprint(code, " answers others"), func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("any/thing", apiAnswer{Code: code})
			for _, err := range []error{
				f.Suite().Get(t.Context(), "/cgi-bin/any/thing", nil, nil),
				f.Provider().Get(t.Context(), "/cgi-bin/any/thing", nil, nil),
			} {
				requireAPIError(t, err, code)
				assert.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked)
			}
		})
	}
	for _, code := range []int{40013, 48002, 60011, 60111, 301002} {
		t.Run(fmt.Sprint(code, " is none of them"), func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("user/get", apiAnswer{Code: code})
			err := f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil)
			requireAPIError(t, err, code)
			assert.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked)
		})
	}
}

// No permanent code means that the corp has not authorised the suite. WeCom need not be asked.
func TestClient_PermanentCodesFindsNone(t *testing.T) {
	f := newClientFixture(t)
	err := f.Corp("wpstranger").Get(t.Context(), "/cgi-bin/user/get", nil, nil)
	require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
	_, err = f.AuthInfo(t.Context(), "wpstranger")
	require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
	assert.Empty(t, f.sentTo("/cgi-bin/service/get_corp_token"))
	assert.Empty(t, f.sentTo("/cgi-bin/service/v2/get_auth_info"))
}

// Corp ids come from requests: those of nobody leave nothing behind, neither an answer nor memory.
func TestClient_StrangersLeaveNothing(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *openwork.CorpClient) error{
		"call": func(ctx context.Context, c *openwork.CorpClient) error {
			return c.Get(ctx, "/cgi-bin/user/get", nil, nil)
		},
		"Token":       func(ctx context.Context, c *openwork.CorpClient) error { _, err := c.Token(ctx); return err },
		"JSAPITicket": func(ctx context.Context, c *openwork.CorpClient) error { _, err := c.JSAPITicket(ctx); return err },
		"AgentTicket": func(ctx context.Context, c *openwork.CorpClient) error { _, err := c.AgentTicket(ctx); return err },
	}
	for name, call := range calls {
		t.Run(name+", installed a moment later", func(t *testing.T) {
			f := newClientFixture(t)
			f.api.handle("get_jsapi_ticket", jsTicket("jsapi"))
			f.api.handle("ticket/get", jsTicket("agent"))
			f.codes.set(testCorp, "")
			require.ErrorIs(t, call(t.Context(), f.Corp(testCorp)), openwork.ErrAuthorizationRevoked)
			f.codes.set(testCorp, testPermanentCode)
			require.NoError(t, call(t.Context(), f.Corp(testCorp)))
		})
		t.Run(name+", ten thousand of them", func(t *testing.T) {
			const strangers, most = 10_000, 300 // bytes for each
			f := newClientFixture(t, func(c *openwork.ClientConfig) {
				c.PermanentCodes = func(context.Context, string) (string, error) { return "", nil }
				c.Cache, c.Claims = nil, nil
			})
			heap := func() int64 {
				var stats runtime.MemStats
				runtime.GC()
				runtime.GC()
				runtime.ReadMemStats(&stats)
				return int64(stats.HeapAlloc)
			}
			require.Error(t, call(t.Context(), f.Corp("wpstranger")))
			before := heap()
			for i := range strangers {
				if call(t.Context(), f.Corp(fmt.Sprint("wpstranger", i))) == nil {
					t.Fatal("a stranger was served")
				}
			}
			assert.Less(t, heap()-before, int64(strangers*most))
			runtime.KeepAlive(f)
		})
	}
}

func TestClient_PermanentCodesFails(t *testing.T) {
	broken := errors.New("database is away")
	f := newClientFixture(t, func(c *openwork.ClientConfig) {
		c.PermanentCodes = func(context.Context, string) (string, error) { return "", broken }
	})
	err := f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil)
	require.ErrorIs(t, err, broken)
	assert.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked, "not knowing is not knowing that it is gone")
	_, err = f.AuthInfo(t.Context(), testCorp)
	require.ErrorIs(t, err, broken)
	assert.Empty(t, f.sentTo("/cgi-bin/service/get_corp_token"))
}

// Another replica may have swapped the permanent code: when WeCom refuses the one at hand, it is looked up once more.
func TestClient_PermanentCodeIsLookedUpAgain(t *testing.T) {
	const oldCode = secretMark + "-old-permanent-code"
	get := func(ctx context.Context, c *openwork.Client) error {
		return c.Corp(testCorp).Get(ctx, "/cgi-bin/user/get", nil, nil)
	}
	authInfo := func(ctx context.Context, c *openwork.Client) error {
		_, err := c.AuthInfo(ctx, testCorp)
		return err
	}
	for name, test := range map[string]struct {
		endpoint string
		code     int
		call     func(context.Context, *openwork.Client) error
		edit     func(*openwork.ClientConfig)
	}{
		"get_corp_token, 40084":   {"get_corp_token", 40084, get, nil},
		"get_corp_token, 40001":   {"get_corp_token", 40001, get, nil},
		"gettoken, 40001":         {"gettoken", 40001, get, customizedApps},
		"gettoken, 40014":         {"gettoken", 40014, get, customizedApps},
		"gettoken, 40084":         {"gettoken", 40084, get, customizedApps},
		"v2/get_auth_info, 40084": {"v2/get_auth_info", 40084, authInfo, nil},
	} {
		edits := []func(*openwork.ClientConfig){}
		if test.edit != nil {
			edits = append(edits, test.edit)
		}
		t.Run(name+", swapped", func(t *testing.T) {
			f := newClientFixture(t, edits...)
			f.codes.next(oldCode, testPermanentCode)
			f.api.script(test.endpoint, apiAnswer{Code: test.code})
			require.NoError(t, test.call(t.Context(), f.Client))
			assert.Equal(t, 2, f.codes.asked(testCorp))
			calls := f.api.callsOf(test.endpoint)
			require.Len(t, calls, 2)
			assert.Contains(t, calls[0].Body+calls[0].Query.Encode(), oldCode)
			assert.Contains(t, calls[1].Body+calls[1].Query.Encode(), testPermanentCode)
		})
		t.Run(name+", swapped to one that is refused too", func(t *testing.T) {
			f := newClientFixture(t, edits...)
			f.codes.next(oldCode, testPermanentCode)
			f.api.always(test.endpoint, apiAnswer{Code: test.code})
			err := test.call(t.Context(), f.Client)
			requireAPIError(t, err, test.code)
			assert.Equal(t, 2, f.codes.asked(testCorp))
			assert.Equal(t, 2, f.api.called(test.endpoint))
		})
		t.Run(name+", not swapped", func(t *testing.T) {
			f := newClientFixture(t, edits...)
			f.api.always(test.endpoint, apiAnswer{Code: test.code})
			err := test.call(t.Context(), f.Client)
			requireAPIError(t, err, test.code)
			if test.code == 40084 {
				assert.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
			}
			assert.Equal(t, 2, f.codes.asked(testCorp))
			assert.LessOrEqual(t, f.api.called(test.endpoint), 2)
		})
		t.Run(name+", and gone when looked up again", func(t *testing.T) {
			f := newClientFixture(t, edits...)
			f.codes.next(oldCode, "")
			f.api.always(test.endpoint, apiAnswer{Code: test.code})
			require.ErrorIs(t, test.call(t.Context(), f.Client), openwork.ErrAuthorizationRevoked)
			assert.Equal(t, 1, f.api.called(test.endpoint))
		})
	}
}

// 40014 in answer to get_corp_token may be about the suite's token as well as about the code: both are renewed, once.
func TestClient_PermanentCodeIsLookedUpAgainAfter40014(t *testing.T) {
	const oldCode = secretMark + "-old-permanent-code"
	f := newClientFixture(t)
	f.codes.next(oldCode, testPermanentCode)
	f.api.script("get_corp_token", apiAnswer{Code: 40014}, apiAnswer{Code: 40014})
	require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
	assert.Equal(t, 2, f.codes.asked(testCorp))
	calls := f.api.callsOf("get_corp_token")
	assert.Contains(t, calls[len(calls)-1].Body, testPermanentCode)

	f = newClientFixture(t)
	f.api.always("get_corp_token", apiAnswer{Code: 40014})
	requireAPIError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil), 40014)
	assert.LessOrEqual(t, f.codes.asked(testCorp), 2)
	assert.LessOrEqual(t, f.api.called("get_corp_token"), 4)
	assert.LessOrEqual(t, f.api.called("get_suite_token"), 3)
}

// A token that was got with the old permanent code ends with it: the next call gets another, with the code of now.
func TestClient_SwappedPermanentCodeEndsTheToken(t *testing.T) {
	for name, edits := range map[string][]func(*openwork.ClientConfig){"third-party app": nil, "customized app": {customizedApps}} {
		for _, code := range []int{40001, 40014, 42001} {
			t.Run(fmt.Sprint(name, " ", code), func(t *testing.T) {
				f := newClientFixture(t, edits...)
				require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
				f.api.revoke(f.tokenIssued(corpKind))
				f.api.knowCode(testCorp, secretMark+"-swapped")
				f.codes.set(testCorp, secretMark+"-swapped")
				f.api.script("user/get", apiAnswer{Code: code})
				require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
				assert.Equal(t, 3, f.api.called("user/get"), "one before, one refused, one repeated")
			})
		}
	}
}

// A permanent code that changes, or another suite, is another token.
func TestCorpAccessToken_OfAnotherCodeIsAnother(t *testing.T) {
	f := newClientFixture(t)
	cache := openwork.NewMemoryCache()
	token := func(code, suiteID string) string {
		f.api.knowCode(testCorp, code)
		f.api.knowSuite(suiteID, testSuiteSecret)
		suite, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{
			SuiteID: suiteID, Secret: testSuiteSecret, Tickets: freshTickets(t, suiteID), Cache: cache, HTTPClient: f.api.client(),
		})
		require.NoError(t, err)
		source, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{
			CorpID: testCorp, PermanentCode: code, Suite: suite, Cache: cache, HTTPClient: f.api.client(),
		})
		require.NoError(t, err)
		token, err := source.Token(t.Context())
		require.NoError(t, err)
		return token
	}
	first := token(secretMark+"-code-1", "ww1")
	assert.Equal(t, first, token(secretMark+"-code-1", "ww1"), "the same one, from the cache")
	assert.NotEqual(t, first, token(secretMark+"-code-2", "ww1"))
	assert.NotEqual(t, first, token(secretMark+"-code-1", "ww2"))
}

func TestClient_Forget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const other = testCorp + "2"
		f := newClientFixture(t)
		for _, corp := range []string{testCorp, other} {
			f.api.knowCode(corp, testPermanentCode+corp)
			f.codes.set(corp, testPermanentCode+corp)
		}
		f.api.handle("get_jsapi_ticket", jsTicket("jsapi"))
		f.api.handle("ticket/get", jsTicket("agent"))
		use := func(corp *openwork.CorpClient) (tokens []string) {
			for _, get := range []func(context.Context) (string, error){corp.Token, corp.JSAPITicket, corp.AgentTicket} {
				token, err := get(t.Context())
				require.NoError(t, err)
				tokens = append(tokens, token)
			}
			return tokens
		}
		early, neighbour := f.Corp(testCorp), f.Corp(other)
		before, neighbours := use(early), use(neighbour)
		assert.Equal(t, before, use(early))
		suiteCalls := f.api.called("get_suite_token")
		synctest.Wait() // they are written beside

		require.NoError(t, f.Forget(t.Context(), testCorp))
		for _, key := range f.store.keysWithValue(before...) {
			t.Errorf("%s still holds what was forgotten", key)
		}
		after := use(early)
		for i := range before {
			assert.NotEqual(t, before[i], after[i], "a CorpClient made before Forget")
		}
		assert.Equal(t, after, use(f.Corp(testCorp)), "a CorpClient made after Forget")
		assert.Equal(t, neighbours, use(neighbour), "the tokens of another corp stay")
		assert.Equal(t, suiteCalls, f.api.called("get_suite_token"), "the suite's token stays")

		require.NoError(t, f.Forget(t.Context(), "wpneverseen"))
	})
}

// After cancel_auth the user drops the permanent code and calls Forget: nothing is left that could still make a call.
func TestClient_ForgetEndsACorp(t *testing.T) {
	f := newClientFixture(t)
	corp := f.Corp(testCorp)
	require.NoError(t, corp.Get(t.Context(), "/cgi-bin/user/get", nil, nil))
	f.codes.set(testCorp, "")
	require.NoError(t, f.Forget(t.Context(), testCorp))
	require.ErrorIs(t, corp.Get(t.Context(), "/cgi-bin/user/get", nil, nil), openwork.ErrAuthorizationRevoked)
	assert.Equal(t, 1, f.api.called("user/get"))

	f.api.knowCode(testCorp, secretMark+"-reinstalled")
	f.codes.set(testCorp, secretMark+"-reinstalled")
	require.NoError(t, f.Forget(t.Context(), testCorp))
	require.NoError(t, corp.Get(t.Context(), "/cgi-bin/user/get", nil, nil), "installed again")
}

// A process that has not seen the corp yet can forget it in the Cache.
func TestClient_ForgetInTheCacheOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t)
		token, err := f.Corp(testCorp).Token(t.Context())
		require.NoError(t, err)
		synctest.Wait() // it is written beside
		require.NotEmpty(t, f.store.keysWithValue(token))
		replica, err := openwork.NewClient(f.config)
		require.NoError(t, err)
		require.NoError(t, replica.Forget(t.Context(), testCorp))
		assert.Empty(t, f.store.keysWithValue(token))
		fresh, err := replica.Corp(testCorp).Token(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, token, fresh)
	})
}

func TestClient_ForgetReportsTheCache(t *testing.T) {
	f := newClientFixture(t)
	_, err := f.Corp(testCorp).Token(t.Context())
	require.NoError(t, err)
	f.store.fail(errors.New("cache is away"))
	require.ErrorContains(t, f.Forget(t.Context(), testCorp), "cache is away")
	f.store.fail(nil)
}

// No key of the Cache or the claims names a secret, after everything that can be kept has been kept.
func TestClient_NoSecretInKeys(t *testing.T) {
	for name, edits := range map[string][]func(*openwork.ClientConfig){"third-party app": nil, "customized app": {customizedApps}} {
		t.Run(name, func(t *testing.T) {
			f := newClientFixture(t, edits...)
			f.useEverything(t)
			keys := f.store.keys()
			assert.Greater(t, len(keys), 5)
			for _, key := range keys {
				assert.True(t, strings.HasPrefix(key, "openwork:"), key)
				assert.NotContains(t, key, secretMark)
			}
			assert.NotContains(t, f.log.String(), secretMark)
		})
	}
}

// Without a ticket nothing can be asked for, and the message says what to do.
func TestClient_WithoutTicketMakesNoCall(t *testing.T) {
	tickets := openwork.TicketsIn(openwork.NewMemoryCache())
	f := newClientFixture(t, func(c *openwork.ClientConfig) { c.Tickets = tickets })
	for name, err := range map[string]error{
		"Suite": f.Suite().Get(t.Context(), "/cgi-bin/x", nil, nil),
		"Corp":  f.Corp(testCorp).Get(t.Context(), "/cgi-bin/x", nil, nil),
	} {
		require.ErrorIs(t, err, openwork.ErrNoSuiteTicket, name)
		assert.ErrorContains(t, err, "console", name)
	}
	assert.Empty(t, f.paths())
	require.NoError(t, f.Provider().Get(t.Context(), "/cgi-bin/x", nil, nil), "the provider needs no ticket")
}

// The context's end is still to be found in an error that had its URL taken out.
func TestCaller_ErrorsKeepTheirCause(t *testing.T) {
	api := newPretendAPI()
	api.always("any/thing", apiAnswer{Delay: time.Hour})
	base := api.serve(t)
	f := newClientFixture(t, func(c *openwork.ClientConfig) { c.BaseURL, c.HTTPClient = base, nil })
	_, err := f.Corp(testCorp).Token(t.Context())
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = f.Corp(testCorp).Get(ctx, "/cgi-bin/any/thing", nil, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secretMark)

	ctx, cancelNow := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancelNow)
	err = f.Corp(testCorp).Post(ctx, "/cgi-bin/any/thing", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secretMark)
}

// A redirect is an error, also with a client that would follow it, which stays as its owner made it.
func TestClient_RedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, build := range map[string]func() *http.Client{
			"no client":     func() *http.Client { return nil },
			"user's client": func() *http.Client { return &http.Client{Timeout: 5 * time.Second} },
		} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				var mu sync.Mutex
				followed := 0
				target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					followed++
					_, _ = io.WriteString(w, `{"errcode":0,"suite_access_token":"evil","expires_in":7200}`)
				}))
				defer target.Close()
				api := newPretendAPI()
				redirect := apiAnswer{Status: status, Header: http.Header{"Location": {target.URL + "/x?" + secretMark}}}
				api.always("any/thing", redirect)
				base := api.serve(t)
				own := build()
				f := newClientFixture(t, func(c *openwork.ClientConfig) { c.BaseURL, c.HTTPClient = base, own })
				err := f.Suite().Post(t.Context(), "/cgi-bin/any/thing", nil, nil)
				require.Error(t, err)
				assert.NotContains(t, err.Error(), secretMark)
				assert.Equal(t, 1, api.called("any/thing"))

				api.always("get_provider_token", redirect)
				_, err = f.Provider().Token(t.Context())
				require.Error(t, err)
				mu.Lock()
				defer mu.Unlock()
				assert.Zero(t, followed)
				if own != nil {
					assert.Nil(t, own.CheckRedirect, "the user's client is not changed")
				}
			})
		}
	}
}

// Calls of all kinds at once, while tokens end: the race detector looks on, and every call succeeds.
func TestClient_Concurrently(t *testing.T) {
	f := newClientFixture(t)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			caller := callerCases[i%3]
			for n := range 5 {
				assert.NoError(t, caller.of(f.Client).Get(t.Context(), "/cgi-bin/any/thing", nil, nil))
				if n == 2 && i < 3 {
					f.api.expire(f.tokenIssued(caller.kind))
				}
				if n == 3 && i == 4 {
					assert.NoError(t, f.Forget(t.Context(), testCorp))
				}
			}
		}()
	}
	wg.Wait()
}

// clientFixture is a Client under test, its pretend API, and everything that was sent and kept.
type clientFixture struct {
	*openwork.Client
	config    openwork.ClientConfig
	api       *pretendAPI
	transport *watchedTransport
	store     *watchedStore
	codes     *codeBook
	log       *logBuffer
}

// newClientFixture builds a Client for a suite and its provider, whose one corp is testCorp, after edits. Its requests go
// to a pretend API in process unless an edit says otherwise.
func newClientFixture(t *testing.T, edits ...func(*openwork.ClientConfig)) *clientFixture {
	t.Helper()
	f := &clientFixture{
		api: newPretendAPI(), store: newWatchedStore(), log: &logBuffer{},
		codes: &codeBook{codes: map[string]string{testCorp: testPermanentCode}, lookups: map[string]int{}},
	}
	f.transport = &watchedTransport{next: inProcess{f.api}}
	f.config = openwork.ClientConfig{
		SuiteID: testSuiteID, SuiteSecret: testSuiteSecret, Tickets: freshTickets(t),
		ProviderCorpID: testProvider, ProviderSecret: testProviderSecret,
		PermanentCodes: f.codes.lookUp, Cache: f.store, Claims: f.store,
		HTTPClient: &http.Client{Transport: f.transport},
		Logger:     slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, edit := range edits {
		edit(&f.config)
	}
	if f.config.SuiteID != "" && f.config.SuiteID != testSuiteID {
		f.api.knowSuite(f.config.SuiteID, testSuiteSecret)
		tickets, err := f.config.Tickets.Ticket(t.Context(), testSuiteID)
		if err == nil {
			require.NoError(t, f.config.Tickets.PutTicket(t.Context(), f.config.SuiteID, tickets))
		}
	}
	client, err := openwork.NewClient(f.config)
	require.NoError(t, err)
	f.Client = client
	return f
}

// customizedApps makes the suite a template, whose customized apps use gettoken.
func customizedApps(c *openwork.ClientConfig) { c.SuiteID = "dk1a2b3c4d5e6f7a8b" }

func (f *clientFixture) requests() []sentRequest { return f.transport.requests() }

// sentTo is what was sent to a path, in order.
func (f *clientFixture) sentTo(path string) (sent []sentRequest) {
	for _, request := range f.requests() {
		if request.url.Path == path {
			sent = append(sent, request)
		}
	}
	return sent
}

// paths is where requests were sent to, in order.
func (f *clientFixture) paths() (paths []string) {
	for _, request := range f.requests() {
		paths = append(paths, request.url.Path)
	}
	return paths
}

// only is the one request that was sent.
func (f *clientFixture) only() sentRequest {
	requests := f.requests()
	if len(requests) != 1 {
		panic(fmt.Sprintf("%d requests were sent: %v", len(requests), f.paths()))
	}
	return requests[0]
}

// tokenIssued is the newest token of a kind.
func (f *clientFixture) tokenIssued(kind kindOfToken) string {
	f.api.mu.Lock()
	defer f.api.mu.Unlock()
	newest, serial := "", -1
	for token, issued := range f.api.issued {
		var n int
		if _, err := fmt.Sscanf(token, secretMark+"-"+string(kind)+"-%d", &n); err == nil && issued.kind == kind && n > serial {
			newest, serial = token, n
		}
	}
	return newest
}

// callEverything makes every call there is and returns the errors.
func (f *clientFixture) callEverything(ctx context.Context) (errs []error) {
	for _, endpoint := range endpointCases() {
		_, err := endpoint.call(ctx, f.Client)
		errs = append(errs, err)
	}
	corp := f.Corp(testCorp)
	for _, get := range []func(context.Context) (string, error){
		f.Suite().Token, f.Provider().Token, corp.Token, corp.JSAPITicket, corp.AgentTicket,
	} {
		_, err := get(ctx)
		errs = append(errs, err)
	}
	for _, sign := range []func(context.Context, string) (*openwork.JSSignature, error){corp.SignConfig, corp.SignAgentConfig} {
		_, err := sign(ctx, "https://app.example/")
		errs = append(errs, err)
	}
	for _, caller := range callerCases {
		errs = append(errs,
			caller.of(f.Client).Get(ctx, "/cgi-bin/any/thing", url.Values{"userid": {"zhangsan"}}, nil),
			caller.of(f.Client).Post(ctx, "/cgi-bin/any/thing", map[string]string{"userid": "zhangsan"}, nil))
		request, err := http.NewRequestWithContext(ctx, "GET", "https://qyapi.weixin.qq.com/cgi-bin/any/thing", nil)
		if err == nil {
			var response *http.Response
			if response, err = (&http.Client{
				Transport:     caller.of(f.Client).RoundTripper(),
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}).Do(request); err == nil {
				_ = response.Body.Close()
			}
		}
		errs = append(errs, err)
	}
	return errs
}

// useEverything makes every call there is; all succeed.
func (f *clientFixture) useEverything(t *testing.T) {
	t.Helper()
	for _, endpoint := range endpointCases() {
		path := strings.TrimPrefix(strings.TrimPrefix(endpoint.path, "/cgi-bin/"), "service/")
		f.api.always(path, apiAnswer{Body: endpoint.answer})
	}
	f.api.handle("get_jsapi_ticket", jsTicket("jsapi"))
	f.api.handle("ticket/get", jsTicket("agent"))
	for _, err := range f.callEverything(t.Context()) {
		require.NoError(t, err)
	}
}

// jsTicket issues a new JS-SDK ticket at every call.
func jsTicket(name string) func(apiCall) apiAnswer {
	var mu sync.Mutex
	serial := 0
	return func(apiCall) apiAnswer {
		mu.Lock()
		defer mu.Unlock()
		serial++
		return apiAnswer{Body: fmt.Sprintf(`{"errcode":0,"errmsg":"ok","ticket":"%s-%s-ticket-%d","expires_in":7200}`, secretMark, name, serial)}
	}
}

// sentRequest is a request as it left the client.
type sentRequest struct {
	method string
	url    *url.URL
	header http.Header
	body   string
}

// watchedTransport keeps every request that is sent.
type watchedTransport struct {
	next    http.RoundTripper
	between func(r *http.Request, next http.RoundTripper) (*http.Response, error) // nil: next

	mu   sync.Mutex
	sent []sentRequest
}

func (w *watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	request := sentRequest{method: r.Method, url: cloneURL(r.URL), header: r.Header.Clone()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		request.body = string(body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.mu.Lock()
	w.sent = append(w.sent, request)
	w.mu.Unlock()
	if w.between != nil {
		return w.between(r, w.next)
	}
	return w.next.RoundTrip(r)
}

func (w *watchedTransport) requests() []sentRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]sentRequest(nil), w.sent...)
}

func cloneURL(u *url.URL) *url.URL {
	clone := *u
	return &clone
}

// hostSwitch sends the requests to one path to another host.
type hostSwitch struct{ path, to string }

func (h hostSwitch) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == h.path {
		r = r.Clone(r.Context())
		r.URL.Host = h.to
	}
	return http.DefaultTransport.RoundTrip(r)
}

// watchedStore is a MemoryCache that knows every key it was ever given, and can fail or hang.
type watchedStore struct {
	*openwork.MemoryCache
	mu     sync.Mutex
	all    map[string]bool
	ttls   map[string]time.Duration
	values map[string]string // as last set
	broken error
	frozen bool
}

func newWatchedStore() *watchedStore {
	return &watchedStore{
		MemoryCache: openwork.NewMemoryCache(),
		all:         map[string]bool{}, ttls: map[string]time.Duration{}, values: map[string]string{},
	}
}

// fail makes every call return err from now on; nil mends it.
func (s *watchedStore) fail(err error) { s.mu.Lock(); defer s.mu.Unlock(); s.broken = err }

// freeze makes every call wait for the end of its context.
func (s *watchedStore) freeze() { s.mu.Lock(); defer s.mu.Unlock(); s.frozen = true }

func (s *watchedStore) note(ctx context.Context, key string) error {
	s.mu.Lock()
	s.all[key] = true
	broken, frozen := s.broken, s.frozen
	s.mu.Unlock()
	if frozen {
		<-ctx.Done()
		return ctx.Err()
	}
	return broken
}

func (s *watchedStore) keys() (keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.all {
		keys = append(keys, key)
	}
	return keys
}

// keysWithValue is which keys hold one of the texts, within whatever.
func (s *watchedStore) keysWithValue(texts ...string) (keys []string) {
	for _, key := range s.keys() {
		value, ok, _ := s.MemoryCache.Get(context.Background(), key)
		for _, text := range texts {
			if ok && strings.Contains(value, text) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func (s *watchedStore) Get(ctx context.Context, key string) (string, bool, error) {
	if err := s.note(ctx, key); err != nil {
		return "", false, err
	}
	return s.MemoryCache.Get(ctx, key)
}

func (s *watchedStore) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if err := s.note(ctx, key); err != nil {
		return err
	}
	s.mu.Lock()
	s.ttls[key], s.values[key] = ttl, value
	s.mu.Unlock()
	return s.MemoryCache.Set(ctx, key, value, ttl)
}

func (s *watchedStore) Delete(ctx context.Context, key string) error {
	if err := s.note(ctx, key); err != nil {
		return err
	}
	return s.MemoryCache.Delete(ctx, key)
}

func (s *watchedStore) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	if err := s.note(ctx, key); err != nil {
		return 0, "", err
	}
	return s.MemoryCache.Claim(ctx, key, owner, lease)
}

func (s *watchedStore) Done(ctx context.Context, key, owner, result string, keep time.Duration) error {
	if err := s.note(ctx, key); err != nil {
		return err
	}
	return s.MemoryCache.Done(ctx, key, owner, result, keep)
}

func (s *watchedStore) Release(ctx context.Context, key, owner string) error {
	if err := s.note(ctx, key); err != nil {
		return err
	}
	return s.MemoryCache.Release(ctx, key, owner)
}

// codeBook is the user's database of permanent codes.
type codeBook struct {
	mu      sync.Mutex
	codes   map[string]string
	queue   []string // the next answers, before those of codes
	lookups map[string]int
}

func (b *codeBook) lookUp(_ context.Context, corpID string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lookups[corpID]++
	if len(b.queue) > 0 {
		code := b.queue[0]
		b.queue = b.queue[1:]
		return code, nil
	}
	return b.codes[corpID], nil
}

// next queues what the next lookups find.
func (b *codeBook) next(codes ...string) { b.mu.Lock(); defer b.mu.Unlock(); b.queue = codes }

func (b *codeBook) set(corpID, code string) { b.mu.Lock(); defer b.mu.Unlock(); b.codes[corpID] = code }

func (b *codeBook) asked(corpID string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lookups[corpID]
}

type closeCounter struct {
	io.Reader
	mu sync.Mutex
	n  int
}

func (c *closeCounter) Close() error { c.mu.Lock(); defer c.mu.Unlock(); c.n++; return nil }
func (c *closeCounter) closed() int  { c.mu.Lock(); defer c.mu.Unlock(); return c.n }

type countingReader struct {
	io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// endless is a body that never ends.
type endless struct{}

var manyX = bytes.Repeat([]byte{'x'}, 64<<10)

func (endless) Read(p []byte) (int, error) { return copy(p, manyX), nil }

// mergeJSON is one object with the members of both.
func mergeJSON(t *testing.T, objects ...string) string {
	t.Helper()
	merged := map[string]json.RawMessage{}
	for _, object := range objects {
		require.NoError(t, json.Unmarshal([]byte(object), &merged))
	}
	text, err := json.Marshal(merged)
	require.NoError(t, err)
	return string(text)
}

func requireRequest(t *testing.T, got sentRequest, method, path string, query url.Values, body string) {
	t.Helper()
	assert.Equal(t, method, got.method)
	assert.Equal(t, path, got.url.Path)
	assert.Equal(t, query, got.url.Query())
	assert.Equal(t, "https://qyapi.weixin.qq.com", got.url.Scheme+"://"+got.url.Host)
	if body == "" {
		assert.Empty(t, got.body)
	} else {
		assert.JSONEq(t, body, got.body)
	}
}

func requireAPIError(t *testing.T, err error, code int) {
	t.Helper()
	var apiErr *openwork.APIError
	require.ErrorAs(t, err, &apiErr)
	require.Equal(t, code, apiErr.Code)
}

func requireRevokedBy(t *testing.T, err error, code int) {
	t.Helper()
	require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
	requireAPIError(t, err, code)
}
