package openwork_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// passing is what may go wrong for a moment: a repeat can succeed.
var passing = map[string]apiAnswer{
	"errcode -1":               {Code: -1},
	"500":                      {Status: 500, Body: "oops"},
	"502 with HTML":            {Status: 502, Body: "<html><body>Bad Gateway</body></html>"},
	"503 without body":         {Status: 503},
	"connection breaks":        {Reset: true},
	"JSON cut short":           {Body: `{"errcode":0,"errmsg":"o`},
	"HTML instead of JSON":     {Body: "<html><body>a captive portal</body></html>"},
	"two JSON values":          {Body: `{"errcode":0}{"errcode":0}`},
	"an array":                 {Body: `[]`},
	"nothing, with 200":        {Status: 200},
	"500 that looks a success": {Status: 500, Body: `{"errcode":0,"errmsg":"ok"}`},
}

// A GET is repeated while WeCom is busy or can't be reached: three attempts, with a growing pause between them.
func TestCaller_GetIsRepeated(t *testing.T) {
	for name, answer := range passing {
		t.Run(name+" twice", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newClientFixture(t)
				f.api.script("any/thing", answer, answer)
				var out struct{ Owner string }
				require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/any/thing", nil, &out))
				assert.Equal(t, testCorp, out.Owner)
				calls := f.api.callsOf("any/thing")
				require.Len(t, calls, 3)
				first, second := calls[1].At.Sub(calls[0].At), calls[2].At.Sub(calls[1].At)
				assert.GreaterOrEqual(t, first, 20*time.Millisecond)
				assert.GreaterOrEqual(t, second, 20*time.Millisecond)
				assert.LessOrEqual(t, first+second, 5*time.Second)
			})
		})
		t.Run(name+" for good", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newClientFixture(t)
				f.api.always("any/thing", answer)
				err := f.Corp(testCorp).Get(t.Context(), "/cgi-bin/any/thing", nil, nil)
				require.Error(t, err)
				assert.Equal(t, 3, f.api.called("any/thing"))
				assert.ErrorContains(t, err, "thing", "the endpoint is named")
				if answer.Code != 0 {
					requireAPIError(t, err, answer.Code)
				}
				if answer.Status >= 500 {
					assert.ErrorContains(t, err, fmt.Sprint(answer.Status))
				}
			})
		})
	}
}

// A call that is repeated because WeCom cannot be reached sends the same body
// again.
func TestU3_ReaderIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t)
		f.api.script("any/thing", apiAnswer{Code: -1}, apiAnswer{Status: 502, Body: "x"})
		body := strings.NewReader(`{"a":"<&>"}`)
		require.NoError(t, f.Corp(testCorp).Do(t.Context(), "GET", "/cgi-bin/any/thing", nil, body, nil))
		sent := f.sentTo("/cgi-bin/any/thing")
		require.Len(t, sent, 3)
		for _, request := range sent {
			assert.Equal(t, `{"a":"<&>"}`, request.body)
		}
	})
}

// What may have been done is not done again: the sender of a message decides whether to send it once more.
func TestCaller_PostIsNotRepeatedIfItsOutcomeIsUnknown(t *testing.T) {
	for name, answer := range passing {
		if answer.Code == -1 {
			continue // WeCom says that it did nothing
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			t.Run(method+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newClientFixture(t)
					f.api.always("message/send", answer)
					var err error
					if method == "POST" {
						err = f.Corp(testCorp).Post(t.Context(), "/cgi-bin/message/send", map[string]int{"a": 1}, nil)
					} else {
						err = f.Corp(testCorp).Do(t.Context(), method, "/cgi-bin/message/send", nil, map[string]int{"a": 1}, nil)
					}
					require.Error(t, err)
					assert.Equal(t, 1, f.api.called("message/send"))
				})
			})
		}
	}
}

// A POST that WeCom was too busy for is repeated three times at most, whether or not it is at all.
func TestCaller_PostWhileBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t)
		f.api.always("message/send", apiAnswer{Code: -1})
		requireAPIError(t, f.Corp(testCorp).Post(t.Context(), "/cgi-bin/message/send", nil, nil), -1)
		assert.LessOrEqual(t, f.api.called("message/send"), 3)
	})
}

// Most codes say that a repeat is of no use, and that of a frequency limit that it does harm.
func TestCaller_FinalCodesAreNotRepeated(t *testing.T) {
	for _, code := range []int{
		40013, 40078, 40080, 40083, 40086, 40091, 41001, 45009, 48002, 48003, 48004, 50001, 50003, 60011, 60020, 60111,
		84014, 301002, 701008, 999999,
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for i, test := range callerCases {
					f := newClientFixture(t)
					f.api.always("any/thing", apiAnswer{Code: code})
					requireAPIError(t, test.of(f.Client).Get(t.Context(), "/cgi-bin/any/thing", nil, nil), code)
					assert.Equal(t, 1, f.api.called("any/thing"), "caller %d", i)
					assert.LessOrEqual(t, f.api.called("get_corp_token"), 1)
					assert.LessOrEqual(t, f.api.called("get_suite_token"), 1)
				}
			})
		})
	}
}

// A token that WeCom refuses is dropped, another fetched, and the call repeated, whatever its method: it was not done.
func TestCaller_RefusedTokenIsReplacedOnce(t *testing.T) {
	codes := map[kindOfToken][]int{suiteKind: {40082, 42009}, providerKind: {40014, 42001}, corpKind: {40014, 42001}}
	issuer := map[kindOfToken]string{suiteKind: "get_suite_token", providerKind: "get_provider_token", corpKind: "get_corp_token"}
	for _, test := range callerCases {
		for _, code := range codes[test.kind] {
			for _, method := range []string{"GET", "POST"} {
				t.Run(fmt.Sprint(method, " ", test.kind, " ", code), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := newClientFixture(t)
						caller := test.of(f.Client)
						refused, err := caller.Token(t.Context())
						require.NoError(t, err)
						f.api.script("any/thing", apiAnswer{Code: code})
						var out struct{ Owner string }
						require.NoError(t, caller.Do(t.Context(), method, "/cgi-bin/any/thing", nil, map[string]int{"a": 1}, &out))
						assert.NotEmpty(t, out.Owner)
						calls := f.api.callsOf("any/thing")
						require.Len(t, calls, 2)
						assert.Equal(t, refused, calls[0].Token)
						assert.NotEqual(t, refused, calls[1].Token)
						assert.Equal(t, calls[0].Body, calls[1].Body)
						assert.Equal(t, 2, f.api.called(issuer[test.kind]))
						assert.Empty(t, f.store.keysWithValue(refused))

						f.api.always("any/thing", apiAnswer{Code: code})
						before := f.api.called("any/thing")
						requireAPIError(t, caller.Do(t.Context(), method, "/cgi-bin/any/thing", nil, nil, nil), code)
						assert.Equal(t, before+2, f.api.called("any/thing"), "the second refusal is returned")
						assert.LessOrEqual(t, f.api.called(issuer[test.kind]), 4)
					})
				})
			}
		}
	}
}

// All attempts, and the pauses between them, fit into the caller's deadline.
func TestCaller_RetriesKeepTheDeadline(t *testing.T) {
	for name, answer := range map[string]apiAnswer{
		"busy":                  {Code: -1},
		"500":                   {Status: 500, Body: "oops"},
		"never answers":         {Delay: time.Hour},
		"busy after 400 ms":     {Delay: 400 * time.Millisecond, Code: -1},
		"a reset after 400 ms":  {Delay: 400 * time.Millisecond, Reset: true},
		"answers a second late": {Delay: 2 * time.Second, Body: `{"errcode":0}`},
	} {
		for _, within := range []time.Duration{30 * time.Millisecond, 500 * time.Millisecond, time.Second} {
			t.Run(fmt.Sprint(name, ", within ", within), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newClientFixture(t)
					_, err := f.Corp(testCorp).Token(t.Context())
					require.NoError(t, err)
					f.api.always("any/thing", answer)
					ctx, cancel := context.WithTimeout(t.Context(), within)
					defer cancel()
					began := time.Now()
					require.Error(t, f.Corp(testCorp).Get(ctx, "/cgi-bin/any/thing", nil, nil))
					assert.LessOrEqual(t, time.Since(began), within)
					assert.LessOrEqual(t, f.api.called("any/thing"), 3)
					assert.Positive(t, f.api.called("any/thing"))
				})
			})
		}
	}
}

// Whoever waits for a token may leave; what was begun for them goes on for the next.
func TestCaller_LeavesWhileTheTokenIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t)
		f.api.script("get_provider_token", apiAnswer{Delay: 3 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, f.Provider().Get(ctx, "/cgi-bin/any/thing", nil, nil), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		assert.Zero(t, f.api.called("any/thing"))
		require.NoError(t, f.Provider().Get(t.Context(), "/cgi-bin/any/thing", nil, nil))
		assert.Equal(t, 3*time.Second, time.Since(began))
		assert.Equal(t, 1, f.api.called("get_provider_token"))
	})
}

// Call sites may keep the code of a context that ended: they get its error, not something that looks like WeCom's.
func TestCaller_EndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t)
		for _, test := range callerCases {
			require.NoError(t, test.of(f.Client).Get(t.Context(), "/cgi-bin/any/thing", nil, nil))
		}
		before := f.api.called("any/thing")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, test := range callerCases {
			require.ErrorIs(t, test.of(f.Client).Get(ctx, "/cgi-bin/any/thing", nil, nil), context.Canceled)
			require.ErrorIs(t, test.of(f.Client).Post(ctx, "/cgi-bin/any/thing", nil, nil), context.Canceled)
		}
		assert.LessOrEqual(t, f.api.called("any/thing"), before+6, "a canceled context is not tried again")
	})
}

// The permanent code is swapped while calls are under way with the token of the one before. Both are refused, one of them
// when the other has long found out: each is repeated with the new token, and none says that the corp has left.
func TestClient_CodeSwappedUnderCallsOnTheirWay(t *testing.T) {
	const newCode = secretMark + "-swapped"
	for name, edits := range map[string][]func(*openwork.ClientConfig){"third-party app": nil, "customized app": {customizedApps}} {
		for _, code := range []int{40084, 40001} {
			for how, swap := range map[string]func(ctx context.Context, f *clientFixture){
				"by another replica": func(context.Context, *clientFixture) {},
				"by this process":    func(ctx context.Context, f *clientFixture) { assert.NoError(t, f.Forget(ctx, testCorp)) },
				"by this process, which has a new token": func(ctx context.Context, f *clientFixture) {
					assert.NoError(t, f.Forget(ctx, testCorp))
					assert.NoError(t, f.Corp(testCorp).Get(ctx, "/cgi-bin/any/thing", nil, nil))
				},
			} {
				t.Run(fmt.Sprint(name, " ", code, ", ", how), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := newClientFixture(t, edits...)
						old, err := f.Corp(testCorp).Token(t.Context())
						require.NoError(t, err)
						f.api.script("user/get", apiAnswer{Code: code, Delay: 100 * time.Millisecond},
							apiAnswer{Code: code, Delay: 500 * time.Millisecond}, apiAnswer{Code: code, Delay: 500 * time.Millisecond})
						go func() {
							time.Sleep(50 * time.Millisecond)
							f.api.revoke(old)
							f.api.knowCode(testCorp, newCode)
							f.codes.set(testCorp, newCode)
							swap(t.Context(), f)
						}()
						var all sync.WaitGroup
						for range 3 {
							all.Add(1)
							go func() {
								defer all.Done()
								var out struct{ Owner string }
								assert.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, &out))
								assert.Equal(t, testCorp, out.Owner)
							}()
						}
						all.Wait()
						calls := f.api.callsOf("user/get")
						require.Len(t, calls, 6, "each is repeated once")
						for i, call := range calls {
							assert.Equal(t, i < 3, call.Token == old)
						}
						assert.Equal(t, 2, f.api.called("get_corp_token")+f.api.called("gettoken"))
					})
				})
			}
		}
	}
}

// The swap is seen at once even if WeCom has just insisted on the token of the old code, and if the cache is down.
func TestClient_CodeSwappedInTrouble(t *testing.T) {
	for name, trouble := range map[string]func(*testing.T, *clientFixture, string){
		"the token was given out again": func(t *testing.T, f *clientFixture, old string) {
			f.api.sticky = true
			f.api.script("user/get", apiAnswer{Code: 40014})
			require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
			f.api.sticky = false
			require.Equal(t, old, requireToken(t, f.Corp(testCorp)))
		},
		"the cache is down":   func(_ *testing.T, f *clientFixture, _ string) { f.store.fail(errors.New("no such host")) },
		"the cache is frozen": func(_ *testing.T, f *clientFixture, _ string) { f.store.freeze() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(time.Minute) // what is written beside
				f := newClientFixture(t)
				old := requireToken(t, f.Corp(testCorp))
				trouble(t, f, old)
				f.api.revoke(old)
				f.api.knowCode(testCorp, secretMark+"-swapped")
				f.codes.set(testCorp, secretMark+"-swapped")
				f.api.script("user/get", apiAnswer{Code: 40084})
				require.NoError(t, f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil))
				require.NotEqual(t, old, requireToken(t, f.Corp(testCorp)))
			})
		})
	}
}

// The same answers where nobody has swapped anything are final: the corp has left.
func TestClient_CodeNotSwappedUnderCallsOnTheirWay(t *testing.T) {
	for _, code := range []int{40084, 40001} {
		for how, meanwhile := range map[string]func(ctx context.Context, f *clientFixture){
			"":                   func(context.Context, *clientFixture) {},
			", and is forgotten": func(ctx context.Context, f *clientFixture) { assert.NoError(t, f.Forget(ctx, testCorp)) },
			", and its code is dropped": func(ctx context.Context, f *clientFixture) {
				f.codes.set(testCorp, "")
				assert.NoError(t, f.Forget(ctx, testCorp))
			},
		} {
			t.Run(fmt.Sprint(code, how), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newClientFixture(t)
					_, err := f.Corp(testCorp).Token(t.Context())
					require.NoError(t, err)
					f.api.script("user/get", apiAnswer{Code: code, Delay: 100 * time.Millisecond})
					f.api.always("user/get", apiAnswer{Code: code, Delay: 500 * time.Millisecond})
					time.AfterFunc(50*time.Millisecond, func() { meanwhile(t.Context(), f) })
					var all sync.WaitGroup
					for range 2 {
						all.Add(1)
						go func() {
							defer all.Done()
							err := f.Corp(testCorp).Get(t.Context(), "/cgi-bin/user/get", nil, nil)
							if code == 40084 {
								assert.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
							}
							assert.Error(t, err)
						}()
					}
					all.Wait()
					assert.LessOrEqual(t, f.api.called("user/get"), 4, "each once more at most")
					assert.LessOrEqual(t, f.api.called("get_corp_token"), 2)
				})
			})
		}
	}
}

// A corp is forgotten while its token is being fetched: the answer that comes late is of a code that is gone.
func TestClient_ForgetWhileFetching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t)
		corp := f.Corp(testCorp)
		f.api.script("get_corp_token", apiAnswer{Delay: 2 * time.Second, Token: secretMark + "-token-of-the-old-code"})
		go func() { _, _ = corp.Token(t.Context()) }()
		time.Sleep(time.Second)
		f.api.knowCode(testCorp, secretMark+"-reinstalled")
		f.codes.set(testCorp, secretMark+"-reinstalled")
		require.NoError(t, f.Forget(t.Context(), testCorp))
		time.Sleep(2 * time.Second)
		for _, corp := range []*openwork.CorpClient{corp, f.Corp(testCorp)} {
			token, err := corp.Token(t.Context())
			require.NoError(t, err)
			assert.NotEqual(t, secretMark+"-token-of-the-old-code", token)
		}
		assert.Empty(t, f.store.keysWithValue(secretMark+"-token-of-the-old-code"))
	})
}

// What was being fetched when the corp was forgotten is not left in the Cache either.
func TestClient_ForgetWhileFetchingLeavesNothing(t *testing.T) {
	for endpoint, get := range map[string]func(context.Context, *openwork.CorpClient) (string, error){
		"get_corp_token":   func(ctx context.Context, c *openwork.CorpClient) (string, error) { return c.Token(ctx) },
		"get_jsapi_ticket": func(ctx context.Context, c *openwork.CorpClient) (string, error) { return c.JSAPITicket(ctx) },
		"ticket/get":       func(ctx context.Context, c *openwork.CorpClient) (string, error) { return c.AgentTicket(ctx) },
	} {
		t.Run(endpoint, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newJSFixture(t)
				f.api.script(endpoint, apiAnswer{Delay: 2 * time.Second})
				waited := make(chan string, 1)
				go func() {
					late, _ := get(t.Context(), f.Corp(testCorp))
					waited <- late
				}()
				time.Sleep(time.Second)
				require.NoError(t, f.Forget(t.Context(), testCorp))
				late := <-waited
				time.Sleep(time.Second)
				require.NotEmpty(t, late, "whoever waited gets it all the same")
				assert.Empty(t, f.store.keysWithValue(late))
				fresh, err := get(t.Context(), f.Corp(testCorp))
				require.NoError(t, err)
				assert.NotEqual(t, late, fresh)
			})
		})
	}
}

// A replica that forgets a corp does not wait for a cache that hangs longer than its caller does.
func TestClient_ForgetWithAFrozenCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Minute) // what is written beside
		f := newClientFixture(t)
		stale, err := f.Corp(testCorp).Token(t.Context())
		require.NoError(t, err)
		f.store.freeze()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.Error(t, f.Forget(ctx, testCorp))
		assert.LessOrEqual(t, time.Since(began), time.Second)
		fresh, err := f.Corp(testCorp).Token(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, stale, fresh, "this process has forgotten it in any case")
	})
}

// WeCom may repeat in errmsg what it was sent, and whatever carries the request may name its URL. No error shows a secret.
func TestClient_NoSecretInErrors(t *testing.T) {
	quoted := func(r *http.Request, body string) string {
		text, err := json.Marshal("refused: " + body + " " + r.URL.RawQuery)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	for kind, answer := range map[string]func(r *http.Request, body string) apiAnswer{
		"errmsg echoes the request": func(r *http.Request, body string) apiAnswer {
			return apiAnswer{Body: `{"errcode":48002,"errmsg":` + quoted(r, body) + `}`}
		},
		"the hint echoes the request": func(r *http.Request, body string) apiAnswer {
			return apiAnswer{Body: `{"errcode":48002,"errmsg":"refused, hint: [` + r.URL.RawQuery + `]"}`}
		},
		"HTML that echoes the request": func(r *http.Request, body string) apiAnswer {
			return apiAnswer{Status: 502, Body: "<html>" + quoted(r, body) + "</html>"}
		},
		"JSON cut short": func(*http.Request, string) apiAnswer {
			return apiAnswer{Body: `{"errcode":0,"permanent_code":"` + secretMark + `-fresh","access_token":"` + secretMark}
		},
		"values of other types": func(*http.Request, string) apiAnswer {
			return apiAnswer{Body: `{"errcode":0,"permanent_code":["` + secretMark + `"],"pre_auth_code":{"` + secretMark + `":1},` +
				`"access_token":["` + secretMark + `"],"suite_access_token":["` + secretMark + `"],` +
				`"provider_access_token":["` + secretMark + `"],"expires_in":"` + secretMark + `","admin":"` + secretMark + `",` +
				`"ip_list":"` + secretMark + `","auth_info":"` + secretMark + `","auth_corp_info":"` + secretMark + `",` +
				`"qrcode_url":["` + secretMark + `"],"ticket":["` + secretMark + `"]}`}
		},
		"a redirect that repeats the query": func(r *http.Request, body string) apiAnswer {
			return apiAnswer{Status: 302, Header: http.Header{"Location": {"https://evil.example/?" + r.URL.RawQuery}}}
		},
		"an error that names the URL": func(*http.Request, string) apiAnswer { return apiAnswer{Reset: true} },
	} {
		for _, endpoint := range []string{
			"get_suite_token", "get_provider_token", "get_corp_token", "gettoken", "get_pre_auth_code", "set_session_info",
			"get_customized_auth_url", "v2/get_permanent_code", "get_permanent_code", "v2/get_auth_info", "get_auth_info",
			"agent/get_admin_list", "get_admin_list", "getcallbackip", "get_api_domain_ip", "get_jsapi_ticket", "ticket/get",
			"any/thing",
		} {
			t.Run(kind+"/"+endpoint, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					edits := []func(*openwork.ClientConfig){}
					if endpoint == "gettoken" {
						edits = append(edits, customizedApps)
					}
					f := newClientFixture(t, edits...)
					f.transport.between = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
						path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/cgi-bin/"), "service/")
						if path != endpoint {
							return next.RoundTrip(r)
						}
						body := []byte{}
						if r.Body != nil {
							body, _ = io.ReadAll(r.Body)
						}
						made := answer(r, string(body))
						if made.Reset {
							return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: errors.New("broken: " + r.URL.String())}
						}
						return &http.Response{
							StatusCode: max(made.Status, 200), Header: made.Header, Request: r,
							Body: io.NopCloser(bytes.NewReader([]byte(made.Body))), ContentLength: int64(len(made.Body)),
						}, nil
					}
					failures := 0
					for _, err := range f.callEverything(t.Context()) {
						if err != nil {
							failures++
							requireNoSecretIn(t, err)
						}
					}
					require.Positive(t, failures)
					require.NotContains(t, f.log.String(), secretMark)
				})
			})
		}
	}
}

// The error of a connection that breaks while the answer is read may name the
// URL too.
func TestClient_NoSecretInErrorsOfReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newClientFixture(t, customizedApps)
		f.transport.between = func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
			broken := &url.Error{Op: "read", URL: r.URL.String(), Err: &url.Error{Op: "proxy", URL: r.URL.String(),
				Err: fmt.Errorf("broken: %s: %w", r.URL, io.ErrUnexpectedEOF)}}
			return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, ContentLength: -1,
				Body: io.NopCloser(failingReader{broken})}, nil
		}
		err := f.Provider().Post(t.Context(), "/cgi-bin/any/thing", nil, nil)
		require.ErrorContains(t, err, "broken")
		requireNoSecretIn(t, err)
		_, err = f.Corp(testCorp).Token(t.Context())
		require.ErrorContains(t, err, "broken")
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		requireNoSecretIn(t, err)
	})
}

// A secret looks different in a URL, and is no less one.
func TestClient_NoEscapedSecretInErrors(t *testing.T) {
	const code = secretMark + "+/= &%"
	for _, form := range []string{code, url.QueryEscape(code)} {
		t.Run(form, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newClientFixture(t, customizedApps)
				f.codes.set(testCorp, code)
				f.transport.between = func(*http.Request, http.RoundTripper) (*http.Response, error) {
					return nil, errors.New("refused: " + form)
				}
				_, err := f.Corp(testCorp).Token(t.Context())
				require.ErrorContains(t, err, "refused")
				requireNoSecretIn(t, err)
			})
		})
	}
}

// requireNoSecretIn looks at an error and at everything that errors.Is and errors.As would find behind it.
func requireNoSecretIn(t *testing.T, err error) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, secretMark) {
			t.Fatalf("a secret is in %T: %s", err, text)
		}
	}
	if apiErr, ok := err.(*openwork.APIError); ok {
		require.NotContains(t, apiErr.Op+apiErr.Message+apiErr.Hint, secretMark)
	}
	switch chain := err.(type) {
	case interface{ Unwrap() error }:
		if inner := chain.Unwrap(); inner != nil {
			requireNoSecretIn(t, inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range chain.Unwrap() {
			requireNoSecretIn(t, inner)
		}
	}
}
