package openwork_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the RoundTripper is given stays as it was; what it sends has the token;
// what it returns does not show it.
func TestRoundTripper_AttachesTheToken(t *testing.T) {
	for _, test := range callerCases {
		t.Run(string(test.kind), func(t *testing.T) {
			f := newClientFixture(t)
			own := &http.Client{Transport: test.of(f.Client).RoundTripper()}
			request, err := http.NewRequestWithContext(t.Context(), "POST",
				"https://qyapi.weixin.qq.com/cgi-bin/any/thing?debug=1&a=%20b", strings.NewReader(`{"a":1}`))
			require.NoError(t, err)
			request.Header.Set("X-Own", "kept")
			response, err := own.Do(request)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())

			assert.Contains(t, string(body), `"owner"`)
			sent := f.sentTo("/cgi-bin/any/thing")
			require.Len(t, sent, 1)
			requireRequest(t, sent[0], "POST", "/cgi-bin/any/thing",
				url.Values{"debug": {"1"}, "a": {" b"}, string(test.kind): {f.tokenIssued(test.kind)}}, `{"a":1}`)
			assert.Equal(t, "kept", sent[0].header.Get("X-Own"))
			assert.Equal(t, "https://qyapi.weixin.qq.com/cgi-bin/any/thing?debug=1&a=%20b", request.URL.String())
			require.NotNil(t, response.Request)
			assert.NotContains(t, response.Request.URL.String(), secretMark)
			for before := response.Request; before != nil; {
				assert.NotContains(t, before.URL.String(), secretMark)
				if before.Response == nil {
					break
				}
				before = before.Response.Request
			}
		})
	}
}

func TestRoundTripper_TokenInTheQueryIsReplaced(t *testing.T) {
	f := newClientFixture(t)
	own := &http.Client{Transport: f.Corp(testCorp).RoundTripper()}
	response, err := own.Get("https://qyapi.weixin.qq.com/cgi-bin/any/thing?access_token=stale&access_token=older&a=1")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	requireRequest(t, f.sentTo("/cgi-bin/any/thing")[0], "GET", "/cgi-bin/any/thing",
		url.Values{"access_token": {f.tokenIssued(corpKind)}, "a": {"1"}}, "")
}

func TestRoundTripper_OtherHostsAreRefused(t *testing.T) {
	for _, target := range []string{
		"https://evil.example/cgi-bin/x", "http://qyapi.weixin.qq.com/cgi-bin/x", "https://qyapi.weixin.qq.com.evil.example/x",
		"https://qyapi.weixin.qq.com:8443/cgi-bin/x", "https://qyapi.weixin.qq.com@evil.example/x", "https://weixin.qq.com/x",
		"https://user:" + secretMark + "@evil.example/" + secretMark + "?code=" + secretMark,
	} {
		t.Run(target, func(t *testing.T) {
			f := newClientFixture(t)
			body := &closeCounter{Reader: strings.NewReader("body")}
			request, err := http.NewRequestWithContext(t.Context(), "POST", target, body)
			require.NoError(t, err)
			response, err := f.Suite().RoundTripper().RoundTrip(request)
			if response != nil {
				_ = response.Body.Close()
			}
			require.Error(t, err)
			assert.NotContains(t, err.Error(), secretMark)
			assert.Empty(t, f.paths(), "nothing is sent, not even for a token")
			assert.Positive(t, body.closed(), "RoundTrip closes the body, on errors too")
		})
	}
}

// A stale token is dropped and the request repeated once, with the same body.
func TestRoundTripper_RepeatsWithTheNextToken(t *testing.T) {
	for _, test := range callerCases {
		t.Run(string(test.kind), func(t *testing.T) {
			f := newClientFixture(t)
			caller := test.of(f.Client)
			stale, err := caller.Token(t.Context())
			require.NoError(t, err)
			f.api.expire(stale)
			own := &http.Client{Transport: caller.RoundTripper()}

			response, err := own.Post("https://qyapi.weixin.qq.com/cgi-bin/any/thing", "application/json", strings.NewReader(`{"a":1}`))
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Contains(t, string(body), `"errcode":0`)

			sent := f.sentTo("/cgi-bin/any/thing")
			require.Len(t, sent, 2)
			assert.Equal(t, `{"a":1}`, sent[0].body)
			assert.Equal(t, `{"a":1}`, sent[1].body)
			assert.Equal(t, stale, sent[0].url.Query().Get(string(test.kind)))
			assert.Equal(t, []string{f.tokenIssued(test.kind)}, sent[1].url.Query()[string(test.kind)])
			assert.NotEqual(t, stale, f.tokenIssued(test.kind))
		})
	}
}

// A body that can be read once only is not sent again: the caller gets WeCom's
// answer, and the next request the next token.
func TestRoundTripper_BodyThatCannotBeRepeated(t *testing.T) {
	f := newClientFixture(t)
	corp := f.Corp(testCorp)
	stale, err := corp.Token(t.Context())
	require.NoError(t, err)
	f.api.revoke(stale)
	own := &http.Client{Transport: corp.RoundTripper()}
	send := func() string {
		response, err := own.Post("https://qyapi.weixin.qq.com/cgi-bin/media/upload", "text/plain", io.MultiReader(strings.NewReader("once")))
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(body)
	}
	assert.Equal(t, apiFailure(40014), send(), "the answer as it was")
	assert.Equal(t, 1, f.api.called("media/upload"))
	assert.Contains(t, send(), `"errcode":0`)
	assert.Equal(t, 2, f.api.called("media/upload"))
}

// The second refusal is the answer.
func TestRoundTripper_RepeatsOnceOnly(t *testing.T) {
	f := newClientFixture(t)
	f.api.always("any/thing", apiAnswer{Code: 42001})
	own := &http.Client{Transport: f.Corp(testCorp).RoundTripper()}
	response, err := own.Get("https://qyapi.weixin.qq.com/cgi-bin/any/thing")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, apiFailure(42001), string(body))
	assert.Equal(t, 2, f.api.called("any/thing"))
	assert.Equal(t, 2, f.api.called("get_corp_token"))
}

// Other failures are the caller's to see, whole.
func TestRoundTripper_OtherAnswersPassThrough(t *testing.T) {
	for name, answer := range map[string]apiAnswer{
		"another errcode": {Code: 60111},
		"busy":            {Code: -1},
		"500 with HTML":   {Status: 500, Body: "<html>broken</html>"},
		"JSON cut short":  {Body: `{"errcode":0,"x`},
		"a big JSON":      {Body: `{"errcode":0,"x":"` + strings.Repeat("x", 3<<20) + `"}`},
		"no body":         {Status: 204},
	} {
		t.Run(name, func(t *testing.T) {
			f := newClientFixture(t)
			f.api.always("any/thing", answer)
			own := &http.Client{Transport: f.Corp(testCorp).RoundTripper()}
			response, err := own.Get("https://qyapi.weixin.qq.com/cgi-bin/any/thing")
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			want := answer.Body
			if answer.Code != 0 {
				want = apiFailure(answer.Code)
			}
			assert.True(t, want == string(body), "%d bytes came through of %d", len(body), len(want))
			assert.Equal(t, max(answer.Status, 200), response.StatusCode)
			assert.Equal(t, 1, f.api.called("any/thing"))
		})
	}
}

// Media is not held back until it is complete, and not limited in size.
func TestRoundTripper_BigBodiesStream(t *testing.T) {
	const size = 5 << 20
	goOn := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(bytes.Repeat([]byte{'a'}, size/2))
		w.(http.Flusher).Flush()
		select {
		case <-goOn:
		case <-r.Context().Done():
			return
		}
		_, _ = w.Write(bytes.Repeat([]byte{'b'}, size/2))
	}))
	defer server.Close()

	api := newPretendAPI()
	base := api.serve(t)
	f := newClientFixture(t, func(c *openwork.ClientConfig) {
		c.BaseURL = base
		c.HTTPClient = &http.Client{Transport: hostSwitch{path: "/cgi-bin/media/get", to: server.Listener.Addr().String()}}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", base+"/cgi-bin/media/get?media_id=1", nil)
	require.NoError(t, err)
	response, err := (&http.Client{Transport: f.Corp(testCorp).RoundTripper()}).Do(request)
	require.NoError(t, err, "the answer is there although its body is not complete")
	first := make([]byte, 64<<10)
	_, err = io.ReadFull(response.Body, first)
	require.NoError(t, err)
	close(goOn)
	rest, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	body := append(first, rest...)
	require.Len(t, body, size)
	assert.Equal(t, size/2, bytes.Count(body, []byte{'a'}))
	assert.Equal(t, size/2, bytes.Count(body, []byte{'b'}))
}

// An *url.Error names the URL, and with it the token.
func TestRoundTripper_NoTokenInErrors(t *testing.T) {
	f := newClientFixture(t)
	_, err := f.Corp(testCorp).Token(t.Context())
	require.NoError(t, err)
	f.transport.between = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: fmt.Errorf("proxy refused %s", r.URL)}
	}
	own := &http.Client{Transport: f.Corp(testCorp).RoundTripper()}
	response, err := own.Get("https://qyapi.weixin.qq.com/cgi-bin/user/get?userid=zhangsan")
	if response != nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
	for chain := err; chain != nil; chain = errors.Unwrap(chain) {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", chain, chain, chain), secretMark)
	}
}

// A redirect that keeps the query has the token in it. http.Client shows where
// it leads in its errors, and to its CheckRedirect; and it asks the
// RoundTripper to go there.
func TestO11_RedirectOfARoundTripper(t *testing.T) {
	t.Parallel()
	const here, elsewhere = "https://qyapi.weixin.qq.com", "https://evil.example"
	for name, test := range map[string]struct {
		location string // TOKEN is what was sent
		token    string // what WeCom issues, if that matters
	}{
		"the query kept":             {"HOST/x?userid=1&access_token=TOKEN", ""},
		"the token alone":            {"HOST/x?access_token=TOKEN", ""},
		"in another parameter":       {"HOST/x?back=%2Fy%3Faccess_token%3DTOKEN&a=1", ""},
		"in the path":                {"HOST/TOKEN/x", ""},
		"in the fragment":            {"HOST/x?access_token=TOKEN#access_token=TOKEN", ""},
		"in a name that is escaped":  {"HOST/x?access%5Ftoken=TOKEN", ""},
		"as the user of a URL":       {"https://TOKEN@evil.example/x", ""},
		"a URL that can't be parsed": {"HOST/%zz?access_token=TOKEN", ""},
		"a token that is escaped":    {"HOST/x?access_token=TOKEN", secretMark + "+/="},
		"escaped in lower case":      {"HOST/x?access_token=" + secretMark + "%2b%2f%3d", secretMark + "+/="},
	} {
		for _, host := range []string{here, elsewhere, "http://qyapi.weixin.qq.com", "//evil.example", ""} {
			for _, status := range []int{301, 302, 303, 307, 308} {
				t.Run(fmt.Sprintf("%s, %d to %q", name, status, host), func(t *testing.T) {
					t.Parallel()
					f := newClientFixture(t)
					if test.token != "" {
						f.api.script("get_corp_token", apiAnswer{Token: test.token})
					}
					token, err := f.Corp(testCorp).Token(t.Context())
					require.NoError(t, err)
					location := strings.NewReplacer("HOST", host, "TOKEN", url.QueryEscape(token)).Replace(test.location)
					f.api.always("any/thing", apiAnswer{Status: status, Header: http.Header{"Location": {location}}})

					var shown []string
					own := &http.Client{
						Transport: f.Corp(testCorp).RoundTripper(),
						CheckRedirect: func(next *http.Request, before []*http.Request) error {
							shown = append(shown, next.URL.String(), fmt.Sprint(next.Header))
							for _, r := range before {
								shown = append(shown, r.URL.String())
							}
							if len(before) > 3 {
								return errors.New("going in circles")
							}
							return nil
						},
					}
					response, err := own.Get(here + "/cgi-bin/any/thing?userid=1")
					if response != nil {
						shown = append(shown, fmt.Sprint(response.Header), response.Request.URL.String())
						_ = response.Body.Close()
					}
					if err != nil {
						shown = append(shown, fmt.Sprintf("%v %+v %#v", err, err, err))
					}
					for _, text := range shown {
						unescaped, err := url.QueryUnescape(text)
						if err != nil {
							unescaped = text
						}
						assert.NotContains(t, text+unescaped, secretMark)
					}
					for _, request := range f.requests() {
						assert.Equal(t, here, request.url.Scheme+"://"+request.url.Host, "something was sent elsewhere")
						assert.NotContains(t, request.header.Get("Referer"), secretMark)
					}
					if host != here && host != "" {
						require.Error(t, err)
					}
				})
			}
		}
	}
}

// On WeCom's own host a redirect works: with the token, and with the rest of
// the query.
func TestO11_RedirectWithinTheHostIsFollowed(t *testing.T) {
	t.Parallel()
	f := newClientFixture(t)
	token, err := f.Corp(testCorp).Token(t.Context())
	require.NoError(t, err)
	f.api.script("any/thing", apiAnswer{Status: 302, Header: http.Header{
		"Location": {"/cgi-bin/other/thing?a=%20b&access_token=" + token + "&c=1"}}})
	own := &http.Client{Transport: f.Corp(testCorp).RoundTripper()}
	response, err := own.Get("https://qyapi.weixin.qq.com/cgi-bin/any/thing")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "https://qyapi.weixin.qq.com/cgi-bin/other/thing?a=%20b&c=1", response.Request.URL.String())
	requireRequest(t, f.sentTo("/cgi-bin/other/thing")[0], "GET", "/cgi-bin/other/thing",
		url.Values{"a": {" b"}, "c": {"1"}, "access_token": {token}}, "")
}

// The library's own calls follow no redirect, whatever the user's http.Client
// says, and tell nobody where it led.
func TestO11_RedirectOfACall(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"https://qyapi.weixin.qq.com/x", "https://evil.example/x", "/x", "/%zz"} {
		for name, own := range map[string]*http.Client{
			"a client that follows": {},
			"one that always does":  {CheckRedirect: func(*http.Request, []*http.Request) error { return nil }},
		} {
			t.Run(name+" to "+host, func(t *testing.T) {
				t.Parallel()
				f := newClientFixture(t, func(c *openwork.ClientConfig) {
					own.Transport = c.HTTPClient.Transport
					c.HTTPClient = own
				})
				corp := f.Corp(testCorp)
				token, err := corp.Token(t.Context())
				require.NoError(t, err)
				f.api.always("any/thing", apiAnswer{Status: 302, Header: http.Header{"Location": {host + "?access_token=" + token}}})
				before := len(f.requests())
				for _, err := range []error{
					corp.Get(t.Context(), "/cgi-bin/any/thing", nil, nil),
					corp.Post(t.Context(), "/cgi-bin/any/thing", map[string]int{}, nil),
				} {
					require.Error(t, err)
					requireNoSecretIn(t, err)
				}
				for _, request := range f.requests()[before:] {
					assert.Equal(t, "/cgi-bin/any/thing", request.url.Path)
				}
			})
		}
	}
}
