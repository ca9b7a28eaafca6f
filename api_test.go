package openwork_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What WeCom must get as it is: it refuses escapes of it with 40033.
const unescaped = "a&b<c>d\u2028e\u2029f"

// escapingItself is a value with a MarshalJSON such as most are: it escapes.
type escapingItself struct{ Text string }

func (e escapingItself) MarshalJSON() ([]byte, error) {
	type plain escapingItself
	return json.Marshal(plain(e))
}

// bytesOfOnesOwn is a []byte by another name, and bytesThatMarshal is one that
// says how it looks as JSON.
type (
	bytesOfOnesOwn   []byte
	bytesThatMarshal []byte
)

func (b bytesThatMarshal) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"own": string(b)})
}

func TestU3_BodiesAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	const isJSON, isBytes = "application/json; charset=utf-8", "application/octet-stream"
	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, []byte(`{"file":"`+unescaped+`"}`), 0o600))
	opened, err := os.Open(file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	type text struct{ Text string }
	for name, test := range map[string]struct {
		in   any
		want string
		kind string // the Content-Type; "" if there is no body
	}{
		"a struct":               {text{unescaped}, `{"Text":"` + unescaped + `"}`, isJSON},
		"a pointer to one":       {&text{unescaped}, `{"Text":"` + unescaped + `"}`, isJSON},
		"a map, its keys too":    {map[string]string{unescaped: unescaped}, `{"` + unescaped + `":"` + unescaped + `"}`, isJSON},
		"a MarshalJSON inside":   {map[string]any{"a": escapingItself{unescaped}}, `{"a":{"Text":"` + unescaped + `"}}`, isJSON},
		"a raw message inside":   {map[string]any{"a": json.RawMessage(`"` + unescaped + `"`)}, `{"a":"` + unescaped + `"}`, isJSON},
		"text like an escape":    {text{`\u0026`}, `{"Text":"\\u0026"}`, isJSON},
		"what must be escaped":   {text{"\x01\""}, `{"Text":"\u0001\""}`, isJSON},
		"a json.RawMessage":      {json.RawMessage(" {\"a\": \"" + unescaped + "\\u0026\"}\n"), " {\"a\": \"" + unescaped + "\\u0026\"}\n", isJSON},
		"a []byte of JSON":       {[]byte(` {"a": "` + unescaped + `\u0026"}`), ` {"a": "` + unescaped + `\u0026"}`, isJSON},
		"a []byte of others":     {[]byte("\xff\x00<xml>&"), "\xff\x00<xml>&", isBytes},
		"bytes by another name":  {bytesOfOnesOwn(`{"a":1}`), `{"a":1}`, isJSON},
		"bytes that marshal":     {bytesThatMarshal("<&>"), `{"own":"<&>"}`, isJSON},
		"a bytes.Buffer":         {bytes.NewBufferString(`{"a":"` + unescaped + `"}`), `{"a":"` + unescaped + `"}`, isJSON},
		"a strings.Reader":       {strings.NewReader("<xml>&"), "<xml>&", isBytes},
		"a reader and no more":   {io.MultiReader(strings.NewReader(`{"a":`), strings.NewReader(`1}`)), `{"a":1}`, isJSON},
		"a file":                 {opened, `{"file":"` + unescaped + `"}`, isJSON},
		"nil":                    {nil, "", ""},
		"a nil []byte":           {[]byte(nil), "", ""},
		"a nil json.RawMessage":  {json.RawMessage(nil), "", ""},
		"a nil pointer":          {(*text)(nil), "", ""},
		"a nil map":              {map[string]string(nil), "", ""},
		"a nil reader":           {(*bytes.Buffer)(nil), "", ""},
		"an empty []byte":        {[]byte{}, "", ""},
		"an empty reader":        {strings.NewReader(""), "", ""},
		"an empty struct":        {struct{}{}, "{}", isJSON},
		"an empty map, not none": {map[string]string{}, "{}", isJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newClientFixture(t)
			corp := f.Corp(testCorp)
			stale, err := corp.Token(t.Context())
			require.NoError(t, err)
			f.api.expire(stale) // the body is wanted twice

			require.NoError(t, corp.Post(t.Context(), "/cgi-bin/any/thing", test.in, nil))
			sent := f.sentTo("/cgi-bin/any/thing")
			require.Len(t, sent, 2)
			for _, request := range sent {
				assert.Equal(t, test.want, request.body)
				assert.Equal(t, test.kind, request.header.Get("Content-Type"))
			}
		})
	}
}

// What can't be read or written as JSON is an error before a token is asked
// for.
func TestU3_BodyThatCannotBeSent(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for name, in := range map[string]any{
		"no JSON":         make(chan int),
		"a broken reader": io.MultiReader(strings.NewReader("{"), failingReader{broken}),
	} {
		f := newClientFixture(t)
		err := f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", in, nil)
		require.ErrorContains(t, err, "any/thing", name)
		if name == "a broken reader" {
			require.ErrorIs(t, err, broken)
		}
		assert.Empty(t, f.paths(), "nothing is sent")
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// The library's own calls, with what users and WeCom may give them.
func TestU3_OwnCallsEscapeNothing(t *testing.T) {
	t.Parallel()
	const odd = secretMark + "-&<>\u2028-"
	f := newClientFixture(t)
	f.codes.set(testCorp, odd)
	f.api.knowCode(testCorp, odd)
	for path, answer := range map[string]string{
		"set_session_info": `{}`, "get_customized_auth_url": `{}`, "v2/get_auth_info": `{}`,
		"v2/get_permanent_code": `{"permanent_code":"x"}`,
	} {
		f.api.always(path, apiAnswer{Body: answer})
	}
	require.NoError(t, f.SetSessionInfo(t.Context(), odd, openwork.SessionInfo{}))
	_, err := f.CustomizedAuthURL(t.Context(), odd, odd)
	require.NoError(t, err)
	_, err = f.PermanentCode(t.Context(), odd)
	require.NoError(t, err)
	_, err = f.AuthInfo(t.Context(), testCorp)
	require.NoError(t, err)
	_, err = f.SuiteAdmins(t.Context(), odd, 1)
	require.NoError(t, err)
	_, err = f.Corp(testCorp).Token(t.Context())
	require.NoError(t, err)

	withBody := 0
	for _, request := range f.requests() {
		assert.NotContains(t, request.body, `\u`, request.url.Path)
		if strings.Contains(request.body, odd) {
			withBody++
		}
	}
	assert.Equal(t, 6, withBody)
}

func TestU4_ControlCharactersInAnswers(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for c := range 0x20 {
		all.WriteByte(byte(c))
	}
	for name, raw := range map[string]string{
		"a line end": "Zhang\nSan", "a tab": "Zhang\tSan", "STX": "\x02", "all of them": all.String(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newClientFixture(t)
			corp := f.Corp(testCorp)
			f.api.always("user/get", apiAnswer{Body: `{"errcode":0,"name":"` + raw + `\"","na` + raw + `me":1}`})

			var out struct{ Name string }
			require.NoError(t, corp.Get(t.Context(), "/cgi-bin/user/get", nil, &out))
			assert.Equal(t, raw+`"`, out.Name)
			var fields map[string]any
			require.NoError(t, corp.Post(t.Context(), "/cgi-bin/user/get", nil, &fields))
			assert.Contains(t, fields, "na"+raw+"me")
			var whole json.RawMessage
			require.NoError(t, corp.Get(t.Context(), "/cgi-bin/user/get", nil, &whole))
			assert.True(t, json.Valid(whole), "what is handed on is JSON")
			assert.Equal(t, 3, f.api.called("user/get"), "each in one call")

			f.api.always("user/get", apiAnswer{Body: `{"errcode":60111,"errmsg":"no ` + raw + `"}`})
			err := corp.Get(t.Context(), "/cgi-bin/user/get", nil, nil)
			requireAPIError(t, err, 60111)
			assert.Equal(t, 4, f.api.called("user/get"))
		})
	}
}

// An auth_code works once: what its answer holds must not be lost for a name.
func TestU4_ControlCharactersInAnExchange(t *testing.T) {
	t.Parallel()
	f := newClientFixture(t)
	f.api.script("v2/get_permanent_code", apiAnswer{Body: "{\"permanent_code\":\"" + testPermanentCode +
		"\",\"auth_corp_info\":{\"corpid\":\"wp1\",\"corp_name\":\"A\x02\nCorp\"}}"})
	for range 2 {
		authorization, err := f.PermanentCode(t.Context(), testAuthCode)
		require.NoError(t, err)
		assert.Equal(t, testPermanentCode, authorization.PermanentCode)
		assert.Equal(t, "A\x02\nCorp", authorization.AuthCorpInfo.CorpName)
		assert.True(t, json.Valid(authorization.Raw))
	}
	assert.Equal(t, 1, f.api.called("v2/get_permanent_code"))
}

// Only inside strings: an answer that is malformed otherwise is one still.
func TestU4_StructureStaysStrict(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"between members":   "{\"errcode\":0,\x02\"name\":\"x\"}",
		"in a number":       "{\"errcode\":0,\"n\":1\x022}",
		"after a backslash": "{\"errcode\":0,\"name\":\"a\\\nb\"}",
		"a string unclosed": "{\"errcode\":0,\"name\":\"a\n}",
		"two values":        "{\"errcode\":0}\x00{\"errcode\":0}",
	} {
		f := newClientFixture(t)
		f.api.always("user/get", apiAnswer{Body: body})
		require.Error(t, f.Corp(testCorp).Post(t.Context(), "/cgi-bin/user/get", nil, nil), name)
	}
}

// The RoundTripper finds the errcode, and hands the answer on as it came.
func TestU4_RoundTripperReadsThemToo(t *testing.T) {
	t.Parallel()
	f := newClientFixture(t)
	refusal, good := "{\"errcode\":42001,\"errmsg\":\"token\nexpired\x02\"}", "{\"errcode\":0,\"name\":\"\x02\"}"
	f.api.script("any/thing", apiAnswer{Body: refusal}, apiAnswer{Body: good})
	own := &http.Client{Transport: f.Corp(testCorp).RoundTripper()}
	response, err := own.Get("https://qyapi.weixin.qq.com/cgi-bin/any/thing")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, good, string(body))
	assert.Equal(t, 2, f.api.called("any/thing"))
	assert.Equal(t, 2, f.api.called("get_corp_token"))
}

func TestU5_FourteenThousandMembers(t *testing.T) {
	t.Parallel()
	type member struct {
		UserID     string `json:"userid"`
		Name       string `json:"name"`
		Department []int  `json:"department"`
		OpenUserID string `json:"open_userid"`
	}
	members := make([]member, 14_000)
	for i := range members {
		members[i] = member{fmt.Sprintf("woAJ2GCAAAXtWyujaWJHDDGi0m%05d", i), "张三", []int{1, 2}, strings.Repeat("w", 20)}
	}
	answer, err := json.Marshal(map[string]any{"errcode": 0, "userlist": members})
	require.NoError(t, err)
	require.Greater(t, len(answer), 1_300_000)

	f := newClientFixture(t)
	f.api.always("user/simplelist", apiAnswer{Body: string(answer)})
	var out struct{ UserList []member }
	require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/simplelist", nil, &out))
	assert.Equal(t, members, out.UserList)
	assert.Equal(t, 1, f.api.called("user/simplelist"))
}

// An answer of exactly the limit is read; of one byte more the caller hears
// that, and in one call; and what is beyond is not even read.
func TestU5_LimitsOfAnswers(t *testing.T) {
	t.Parallel()
	const head, tail = `{"errcode":0,"errmsg":"ok","access_token":"t","suite_access_token":"t","provider_access_token":"t",` +
		`"expires_in":7200,"x":"`, `"}`
	type use func(ctx context.Context, f *clientFixture) error
	call := func(ctx context.Context, f *clientFixture) error {
		var out struct{ X string }
		err := f.Corp(testCorp).Get(ctx, "/cgi-bin/any/thing", nil, &out)
		if err == nil && strings.Trim(out.X, "x") != "" {
			return errors.New("read something else")
		}
		return err
	}
	providers := func(ctx context.Context, f *clientFixture) error { _, err := f.Provider().Token(ctx); return err }
	suites := func(ctx context.Context, f *clientFixture) error { _, err := f.Suite().Token(ctx); return err }
	corps := func(ctx context.Context, f *clientFixture) error { _, err := f.Corp(testCorp).Token(ctx); return err }
	third, customized := func(*openwork.ClientConfig) {}, customizedApps
	for name, test := range map[string]struct {
		path  string
		edit  func(*openwork.ClientConfig)
		use   use
		limit int64

		isConfigured bool
	}{
		"a call":               {"any/thing", third, call, 32 << 20, true},
		"a call, 1000":         {"any/thing", func(c *openwork.ClientConfig) { c.MaxAnswerBytes = 1000 }, call, 1000, true},
		"a call, 33 MiB":       {"any/thing", func(c *openwork.ClientConfig) { c.MaxAnswerBytes = 33 << 20 }, call, 33 << 20, true},
		"get_provider_token":   {"get_provider_token", third, providers, 1 << 20, false},
		"get_suite_token":      {"get_suite_token", third, suites, 1 << 20, false},
		"get_corp_token":       {"get_corp_token", third, corps, 1 << 20, false},
		"gettoken":             {"gettoken", customized, corps, 1 << 20, false},
		"get_corp_token, 1000": {"get_corp_token", func(c *openwork.ClientConfig) { c.MaxAnswerBytes = 1000 }, corps, 1 << 20, false},
	} {
		for what, size := range map[string]int64{"exactly": test.limit, "one more": test.limit + 1, "much more": 3 * test.limit} {
			if what == "much more" && test.limit > 1<<20 {
				continue // as one more, and slow
			}
			t.Run(name+", "+what, func(t *testing.T) {
				f := newClientFixture(t, test.edit)
				read := &countingReader{Reader: io.MultiReader(strings.NewReader(head),
					io.LimitReader(endless{}, size-int64(len(head)+len(tail))), strings.NewReader(tail))}
				calls := 0
				f.transport.between = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if !strings.HasSuffix(r.URL.Path, "/"+test.path) {
						return next.RoundTrip(r)
					}
					calls++
					return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(read), Request: r, ContentLength: -1}, nil
				}
				err := test.use(t.Context(), f)
				assert.Equal(t, 1, calls)
				if what == "exactly" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, fmt.Sprintf("larger than %d bytes", test.limit))
				assert.Equal(t, test.isConfigured, strings.Contains(err.Error(), "MaxAnswerBytes"), "it says what to do")
				assert.LessOrEqual(t, read.n, test.limit+64<<10)
			})
		}
	}
}

// A secret that was read from a file has a line end, and WeCom says that it is
// wrong. Here it is found at once, and not shown.
func TestU6_SecretsWithALineEnd(t *testing.T) {
	t.Parallel()
	good := func() openwork.ClientConfig {
		return openwork.ClientConfig{SuiteID: testSuiteID, SuiteSecret: testSuiteSecret, Tickets: freshTickets(t),
			ProviderCorpID: testProvider, ProviderSecret: testProviderSecret}
	}
	_, err := openwork.NewClient(good())
	require.NoError(t, err)
	fields := map[string]func(*openwork.ClientConfig) *string{
		"suite_id":        func(c *openwork.ClientConfig) *string { return &c.SuiteID },
		"suite_secret":    func(c *openwork.ClientConfig) *string { return &c.SuiteSecret },
		"corpid":          func(c *openwork.ClientConfig) *string { return &c.ProviderCorpID },
		"provider_secret": func(c *openwork.ClientConfig) *string { return &c.ProviderSecret },
	}
	for _, dirt := range []struct{ before, after string }{
		{"", "\n"}, {"", "\r\n"}, {"", " "}, {"\t", ""}, {"\ufeff", ""}, {"\ufeff", "\n"}, {"\u3000", ""},
	} {
		for name, field := range fields {
			config := good()
			*field(&config) = dirt.before + *field(&config) + dirt.after
			_, err := openwork.NewClient(config)
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), secretMark)
		}
		for name, config := range map[string]openwork.CorpAccessTokenConfig{
			"corpid":         {CorpID: dirt.before + testCorp + dirt.after, PermanentCode: testPermanentCode},
			"permanent_code": {CorpID: testCorp, PermanentCode: dirt.before + testPermanentCode + dirt.after},
		} {
			_, err := openwork.NewCorpAccessToken(config)
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), secretMark)
		}

		f := newClientFixture(t)
		f.codes.set(testCorp, dirt.before+testPermanentCode+dirt.after)
		_, err := f.Corp(testCorp).Token(t.Context())
		require.ErrorContains(t, err, "permanent_code")
		require.NotContains(t, err.Error(), secretMark)
		require.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked)
		require.Empty(t, f.sentTo("/cgi-bin/service/get_corp_token"))
	}
}

// The URL of a proxy may have a password in it.
func TestNewClient_BaseURLIsNotShown(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"//user:" + secretMark + "@proxy.example", "ftp://user:" + secretMark + "@proxy.example",
		"https://user:" + secretMark + "%zz@proxy.example"} {
		_, err := openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{CorpID: testProvider, Secret: "x", BaseURL: base})
		require.ErrorContains(t, err, "BaseURL")
		requireNoSecretIn(t, err)
	}
	f := newClientFixture(t, func(c *openwork.ClientConfig) { c.BaseURL = "https://user:" + secretMark + "@proxy.example" })
	err := f.Provider().Do(t.Context(), "NO METHOD", "/cgi-bin/any/thing", nil, nil, nil)
	require.ErrorContains(t, err, "method")
	requireNoSecretIn(t, err)
	f.transport.between = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return nil, errors.New("cannot reach " + r.URL.String())
	}
	err = f.Provider().Post(t.Context(), "/cgi-bin/any/thing", nil, nil)
	require.ErrorContains(t, err, "cannot reach")
	requireNoSecretIn(t, err)
	_, err = f.Provider().RoundTripper().RoundTrip(httptest.NewRequest("GET", "https://elsewhere.example/x", nil))
	require.ErrorContains(t, err, "proxy.example")
	requireNoSecretIn(t, err)
}

// A path is a path. A query in it would be sent as a part of it, and a host
// might be another.
func TestU7_Paths(t *testing.T) {
	t.Parallel()
	for path, says := range map[string]string{
		"/cgi-bin/user/get?userid=zhangsan":            "query",
		"/cgi-bin/user/get?access_token=" + secretMark: "query",
		"/cgi-bin/user/get?":                           "query",
		"/?a=1":                                        "begins with /",
		"https://qyapi.weixin.qq.com/cgi-bin/user/get": "BaseURL",
		"https://qyapi.weixin.qq.com/cgi-bin/user/get?access_token=" + secretMark: "BaseURL",
		"/https://evil.example/x": "BaseURL",
		"/cgi-bin/x://y":          "BaseURL",
		"//evil.example/x":        "BaseURL",
		"@evil.example/x":         "BaseURL",
		".evil.example/x":         "BaseURL",
		":80@evil.example/x":      "BaseURL",
		"x@evil.example/x":        "BaseURL",
		"/\\evil.example/x":       "BaseURL",
		"cgi-bin/user/get":        "begins with /",
		"":                        "begins with /",
		"/":                       "begins with /",
		"/cgi-bin//user":          "begins with /",
		"/cgi-bin/user/":          "begins with /",
		"/cgi-bin/../user":        "begins with /",
		"/cgi-bin/./user":         "begins with /",
		"/cgi-bin/user/get#access_token=" + secretMark: "begins with /",
		"/cgi-bin/user/get&access_token=" + secretMark: "begins with /",
		"/cgi-bin/user/get;access_token=" + secretMark: "begins with /",
		"/cgi-bin/user%2fget":                          "begins with /",
		"/cgi-bin/user%zz":                             "begins with /",
		"/cgi-bin/user get":                            "begins with /",
		"/cgi-bin/user/get\n":                          "begins with /",
		"/cgi-bin/用户":                                  "begins with /",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			f := newClientFixture(t)
			for _, caller := range callerCases {
				calls := caller.of(f.Client)
				for _, err := range []error{
					calls.Get(t.Context(), path, url.Values{"a": {"1"}}, nil),
					calls.Post(t.Context(), path, map[string]int{"a": 1}, nil),
					calls.Do(t.Context(), "PUT", path, nil, nil, nil),
				} {
					require.ErrorContains(t, err, says)
					requireNoSecretIn(t, err)
				}
			}
			assert.Empty(t, f.paths(), "nothing is sent, not even for a token")
		})
	}
}

// The paths of WeCom's documentation are fine.
func TestU7_GoodPaths(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/cgi-bin/user/get", "/cgi-bin/service/v2/get_auth_info", "/cgi-bin/x-y/z.do", "/x"} {
		f := newClientFixture(t)
		require.NoError(t, f.Suite().Get(t.Context(), path, nil, nil), path)
		assert.Len(t, f.sentTo(path), 1)
	}
}

// A body that WeCom repeats in its errmsg is searched for secrets at any depth,
// and every value of the query is.
func TestClient_NoNestedSecretInErrors(t *testing.T) {
	t.Parallel()
	const first, second, third = secretMark + "-first", secretMark + "-second", secretMark + "-third"
	f := newClientFixture(t)
	f.api.handle("any/thing", func(call apiCall) apiAnswer {
		text, err := json.Marshal("refused: " + call.Body + fmt.Sprint(call.Query))
		if err != nil {
			panic(err)
		}
		return apiAnswer{Body: `{"errcode":48002,"errmsg":` + string(text) + `}`}
	})
	err := f.Corp(testCorp).Do(t.Context(), "POST", "/cgi-bin/any/thing", url.Values{"code": {"short", first}}, map[string]any{
		"list": []any{map[string]any{"permanent_code": second}}, "Tokens": []string{third}, "EncodingAESKey": secretMark + "-key",
	}, nil)
	requireAPIError(t, err, 48002)
	assert.ErrorContains(t, err, "refused")
	requireNoSecretIn(t, err)
}

// Where one secret begins like another, nothing is left of the longer.
func TestClient_NoRestOfASecretInErrors(t *testing.T) {
	t.Parallel()
	const short, long = secretMark + "-code", secretMark + "-code-rest"
	f := newClientFixture(t)
	f.api.always("any/thing", apiAnswer{Body: `{"errcode":48002,"errmsg":"refused: ` + long + ` ` + short + `"}`})
	for range 20 { // maps have no order
		err := f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", map[string]any{
			"code": short, "next_code": long, "codes": []string{short, long, short},
		}, nil)
		require.ErrorContains(t, err, "refused: … …")
	}
}

// What does not fit may be a secret: a number, or what a type of the caller's
// says of it.
func TestClient_NoValueInErrorsOfShape(t *testing.T) {
	t.Parallel()
	const number = "1234567890123"
	f := newClientFixture(t)
	f.api.always("any/thing", apiAnswer{Body: `{"errcode":0,"name":` + number + `,"at":"` + secretMark + `"}`})
	f.api.always("get_pre_auth_code", apiAnswer{Body: `{"errcode":0,"pre_auth_code":` + number + `}`})
	f.api.always("v2/get_permanent_code", apiAnswer{Body: `{"errcode":0,"permanent_code":` + number + `}`})
	for name, call := range map[string]func() error{
		"a number": func() error {
			return f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", nil, &struct{ Name string }{})
		},
		"a number that is too large": func() error {
			return f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", nil, &struct{ Name int8 }{})
		},
		"a type of the caller's": func() error {
			return f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", nil, &struct{ At time.Time }{})
		},
		"a text that is no number": func() error {
			return f.Corp(testCorp).Post(t.Context(), "/cgi-bin/any/thing", nil, &struct {
				At int `json:"at,string"`
			}{})
		},
		"of our own": func() error { _, err := f.PermanentCode(t.Context(), testAuthCode); return err },
	} {
		err := call()
		require.Error(t, err, name)
		requireNoSecretIn(t, err)
		for ; err != nil; err = errors.Unwrap(err) {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), number, name)
		}
	}
}

// Departments and tags are numbers of WeCom's, and need not fit into 32 bits,
// which is what int is on small machines.
func TestAuthorization_LargeIDs(t *testing.T) {
	t.Parallel()
	const id = int64(1) << 40
	var got openwork.Authorization
	require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"auth_info":{"agent":[{"agentid":%[1]d,"appid":%[1]d,"privilege":{
		"allow_party":[%[1]d],"allow_tag":[%[1]d],"extra_party":[%[1]d],"extra_tag":[%[1]d]}}]},
		"edition_info":{"agent":[{"agentid":%[1]d,"expired_time":%[1]d}]},"auth_corp_info":{"verified_end_time":%[1]d},
		"expires_in":%[1]d}`, id), &got))
	ids := []int64{id}
	assert.Equal(t, []openwork.Agent{{AgentID: id, AppID: id,
		Privilege: openwork.Privilege{AllowParty: ids, AllowTag: ids, ExtraParty: ids, ExtraTag: ids}}}, got.AuthInfo.Agents)
	assert.Equal(t, []openwork.Edition{{AgentID: id, ExpiredTime: id}}, got.EditionInfo.Agents)
	assert.Equal(t, id, got.AuthCorpInfo.VerifiedEndTime)
	assert.Equal(t, id, got.ExpiresIn)
}
