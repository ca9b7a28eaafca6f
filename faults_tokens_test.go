package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The lines on tokens in docs/faults.md, as far as they need no clock of their own; faults_tokens_synctest_test.go has those
// that do.

func TestK7_NoTicketNoCall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		tickets openwork.TicketStore
	}{
		{"a store of a Server", newFixture(t).Tickets()},
		{"an empty cache", openwork.TicketsIn(openwork.NewMemoryCache())},
		{"a user's store that says so", &lastPutStore{}},
		{"a user's store that returns a zero ticket", fixedTickets{}},
		{"a user's store that returns an empty ticket dated now", fixedTickets{ticket: openwork.SuiteTicket{Time: time.Now()}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := newPretendAPI()
			setup := tokenSetup{API: api, Tickets: c.tickets}
			client := setup.client(t)
			for name, call := range map[string]func(ctx context.Context) error{
				"suite token": func(ctx context.Context) error {
					token, err := suiteToken.source(t, setup).Token(ctx)
					assert.Empty(t, token)
					return err
				},
				"corp token": func(ctx context.Context) error {
					token, err := corpToken.source(t, setup).Token(ctx)
					assert.Empty(t, token)
					return err
				},
				"pre_auth_code": func(ctx context.Context) error { _, err := client.PreAuthCode(ctx); return err },
				"exchange":      func(ctx context.Context) error { _, err := client.PermanentCode(ctx, testAuthCode); return err },
				"suite call":    func(ctx context.Context) error { return suiteToken.use(ctx, client) },
				"corp call":     func(ctx context.Context) error { return corpToken.use(ctx, client) },
			} {
				err := call(context.Background())
				require.ErrorIs(t, err, openwork.ErrNoSuiteTicket, name)
				assert.NotErrorIs(t, err, openwork.ErrSuiteTicketExpired, name)
				assert.Contains(t, err.Error(), "console", "%s: the message says how to have one pushed", name)
			}
			assert.Zero(t, api.called(""), "a request was made without a ticket")
			require.NoError(t, providerToken.use(context.Background(), client), "the provider needs no ticket")
		})
	}
}

func TestK14_BrokenAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		{"502 with a page", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html>bad gateway</html>")
		}},
		{"500 with a token", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"errcode":0,"suite_access_token":"s3cr3t-x","expires_in":7200}`)
		}},
		{"404", http.NotFound},
		{"reset", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0)
				_ = conn.Close()
			}
		}},
		{"closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"hang", func(_ http.ResponseWriter, r *http.Request) { waitFor(r, 15*time.Second) }},
		{"headers, then a hang", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"suite_access_token":"s3cr3t-x",`)
			_ = http.NewResponseController(w).Flush()
			waitFor(r, 15*time.Second)
		}},
		{"empty", func(http.ResponseWriter, *http.Request) {}},
		{"HTML", text("<!doctype html><html><body>sign in to the hotel's network</body></html>")},
		{"truncated JSON", text(`{"errcode":0,"suite_access_token":"s3cr3t-x","expires_in":72`)},
		{"body shorter than declared", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "200")
			_, _ = io.WriteString(w, `{"errcode":0,"suite_access_token":"s3cr3t-x","expires_in":7200}`)
		}},
		{"two JSON values", text(`{"errcode":0}{"suite_access_token":"s3cr3t-x","expires_in":7200}`)},
		{"20 MB of JSON", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"errcode":0,"suite_access_token":"s3cr3t-x","expires_in":7200,"pad":"`)
			for range 20 * 1024 {
				if _, err := io.WriteString(w, strings.Repeat("a", 1024)); err != nil {
					return
				}
			}
			_, _ = io.WriteString(w, `"}`)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var hits atomic.Int32
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hits.Add(1)
				c.answer(w, r)
			}))
			t.Cleanup(func() {
				upstream.CloseClientConnections() // an attempt may go on without its caller
				upstream.Close()
			})
			setup := tokenSetup{BaseURL: upstream.URL, Tickets: freshTickets(t), Log: &logBuffer{}}

			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			began := time.Now()
			token, err := suiteToken.source(t, setup).Token(ctx)
			require.Error(t, err)
			assert.Empty(t, token)
			assert.Less(t, time.Since(began), 10*time.Second, "the deadline was not kept")
			assert.LessOrEqual(t, hits.Load(), int32(3), "at most three attempts")
			assert.Positive(t, hits.Load())
			assert.NotContains(t, err.Error(), secretMark)
			assert.NotContains(t, fmt.Sprintf("%+v", err), secretMark)
			assert.NotContains(t, setup.Log.String(), secretMark)
		})
	}
}

func TestK14_RedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, own := range map[string]*http.Client{"default client": nil, "a client of one's own": {}} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				t.Parallel()
				var hits, elsewhere atomic.Int32
				target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					elsewhere.Add(1)
					_, _ = io.WriteString(w, `{"errcode":0,"suite_access_token":"s3cr3t-evil","expires_in":7200}`)
				}))
				t.Cleanup(target.Close)
				upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					hits.Add(1)
					http.Redirect(w, r, target.URL+"/cgi-bin/service/get_suite_token", status)
				}))
				t.Cleanup(upstream.Close)
				setup := tokenSetup{BaseURL: upstream.URL, Tickets: freshTickets(t), HTTPClient: own}

				ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
				_, err := suiteToken.source(t, setup).Token(ctx)
				require.Error(t, err)
				assert.Zero(t, elsewhere.Load(), "the suite's secret went elsewhere")
				assert.LessOrEqual(t, hits.Load(), int32(3))
				if own != nil {
					assert.Nil(t, own.CheckRedirect, "the user's client was changed")
				}
			})
		}
	}
}

// What WeCom answers reaches the caller as an APIError, with the hint that WeCom's support asks for.
func TestElsewhere_UpstreamFailureIsReturned(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Code: 40013})
			token, err := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)}).Token(context.Background())
			assert.Empty(t, token)
			var failure *openwork.APIError
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, 40013, failure.Code)
			assert.Contains(t, failure.Op, kind.endpoint)
			assert.Equal(t, "pretend failure", strings.TrimRight(failure.Message, ", "))
			assert.Equal(t, "[1700000000_123_abcdef], from ip: 192.0.2.1", failure.Hint)
			assert.Contains(t, err.Error(), failure.Hint)
			assert.Contains(t, err.Error(), "40013")
			assert.Contains(t, err.Error(), kind.endpoint)
			assert.NotContains(t, err.Error(), secretMark)
		})
	}
}

func TestElsewhere_UpstreamHangHonoursTheDeadline(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			api := newPretendAPI()
			hang := make(chan struct{})
			api.always(kind.endpoint, apiAnswer{Until: hang})
			baseURL := api.serve(t)
			t.Cleanup(func() { close(hang) }) // before the server closes
			source := kind.source(t, tokenSetup{BaseURL: baseURL, Tickets: freshTickets(t)})
			ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := source.Token(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Less(t, time.Since(began), 9*time.Second, "the deadline was not kept, but that of the fetch")
			assert.NotContains(t, err.Error(), secretMark)
		})
	}
}

func TestElsewhere_CorpCallIsNotSentWithSuiteToken(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			api := newPretendAPI()
			client := tokenSetup{API: api, Tickets: freshTickets(t)}.clientFor(t, kind)
			caller := kind.caller(client)
			require.NoError(t, caller.Get(context.Background(), kind.path, nil, nil))
			require.NoError(t, caller.Post(context.Background(), kind.path, map[string]string{"a": "b"}, nil))
			request, err := http.NewRequest(http.MethodGet, openwork.DefaultBaseURL+kind.path, nil)
			require.NoError(t, err)
			response, err := (&http.Client{Transport: caller.RoundTripper()}).Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.NotContains(t, request.URL.String(), secretMark, "the caller's request was changed")

			calls := api.callsOf(strings.TrimPrefix(strings.TrimPrefix(kind.path, "/cgi-bin/"), "service/"))
			require.Len(t, calls, 3)
			for _, call := range calls {
				for _, parameter := range []kindOfToken{suiteKind, providerKind, corpKind} {
					if parameter == kind.kind {
						require.Len(t, call.Query[string(parameter)], 1)
						assert.Contains(t, call.Query.Get(string(parameter)), "-"+string(kind.kind)+"-")
					} else {
						assert.NotContains(t, call.Query, string(parameter))
					}
				}
			}
		})
	}
}

func TestElsewhere_AuthorizationRevoked(t *testing.T) {
	t.Parallel()
	for _, code := range []int{2000002, 301007, 40084, 48004} {
		t.Run(fmt.Sprint("call answers ", code), func(t *testing.T) {
			t.Parallel()
			api := newPretendAPI()
			client := tokenSetup{API: api, Tickets: freshTickets(t)}.client(t)
			api.always("user/get", apiAnswer{Code: code})
			requireRevoked(t, code, client.Corp(testCorp).Get(context.Background(), "/cgi-bin/user/get", nil, nil))
			requireRevoked(t, code, client.Corp(testCorp).Post(context.Background(), "/cgi-bin/user/get", nil, nil))
			assert.LessOrEqual(t, api.called("user/get"), 4, "once more at most, with the code looked up anew")

			api.always("get_x", apiAnswer{Code: code})
			err := client.Suite().Get(context.Background(), "/cgi-bin/service/get_x", nil, nil)
			require.Error(t, err)
			assert.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked, "a suite's call is no corp's call")
		})
		t.Run(fmt.Sprint("get_corp_token answers ", code), func(t *testing.T) {
			t.Parallel()
			api := newPretendAPI()
			api.always("get_corp_token", apiAnswer{Code: code})
			setup := tokenSetup{API: api, Tickets: freshTickets(t)}
			_, err := corpToken.source(t, setup).Token(context.Background())
			requireRevoked(t, code, err)
			assert.Equal(t, 1, api.called("get_corp_token"))
			requireRevoked(t, code, corpToken.use(context.Background(), setup.client(t)))
			assert.Zero(t, api.called("user/get"))
		})
	}
	t.Run("the user's store has no code", func(t *testing.T) {
		t.Parallel()
		api := newPretendAPI()
		client := tokenSetup{API: api, Tickets: freshTickets(t), Codes: func(context.Context, string) (string, error) {
			return "", nil
		}}.client(t)
		require.ErrorIs(t, corpToken.use(context.Background(), client), openwork.ErrAuthorizationRevoked)
		assert.Zero(t, api.called(""))
	})
	t.Run("other codes are no revocation", func(t *testing.T) {
		t.Parallel()
		for _, code := range []int{60020, 45009, 48002, 60011, 50003} {
			api := newPretendAPI()
			api.always("user/get", apiAnswer{Code: code})
			err := corpToken.use(context.Background(), tokenSetup{API: api, Tickets: freshTickets(t)}.client(t))
			var failure *openwork.APIError
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, code, failure.Code)
			assert.NotErrorIs(t, err, openwork.ErrAuthorizationRevoked)
		}
	})
}

// A changed permanent code, or another suite, never sees the token of the one before, though they share a cache.
func TestElsewhere_ChangedCodeOrSuiteDropsTheToken(t *testing.T) {
	t.Parallel()
	const newCode = secretMark + "-permanent-code-2"
	for _, customized := range []bool{false, true} {
		t.Run(fmt.Sprint("token source, customized ", customized), func(t *testing.T) {
			t.Parallel()
			api, cache := newPretendAPI(), openwork.NewMemoryCache()
			source := func(code string) openwork.TokenSource {
				config := openwork.CorpAccessTokenConfig{CorpID: testCorp, PermanentCode: code, Cache: cache, HTTPClient: api.client()}
				if !customized {
					config.Suite = suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
				}
				source, err := openwork.NewCorpAccessToken(config)
				require.NoError(t, err)
				return source
			}
			old := requireToken(t, source(testPermanentCode))
			require.Equal(t, old, requireToken(t, source(testPermanentCode)), "the same code shares its token")
			api.knowCode(testCorp, newCode)
			assert.NotEqual(t, old, requireToken(t, source(newCode)))
		})
	}
	t.Run("client", func(t *testing.T) {
		t.Parallel()
		api, cache := newPretendAPI(), openwork.NewMemoryCache()
		var code atomic.Value
		code.Store(testPermanentCode)
		setup := tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t), Codes: func(context.Context, string) (string, error) {
			return code.Load().(string), nil
		}}
		client := setup.client(t)
		old := requireToken(t, client.Corp(testCorp))
		code.Store(newCode)
		api.knowCode(testCorp, newCode)
		require.NoError(t, client.Forget(context.Background(), testCorp))
		renewed := requireToken(t, client.Corp(testCorp))
		assert.NotEqual(t, old, renewed)
		assert.Equal(t, renewed, requireToken(t, setup.client(t).Corp(testCorp)), "another replica")
	})
	t.Run("replica that starts after the change", func(t *testing.T) {
		t.Parallel()
		api, cache := newPretendAPI(), newProbeCache()
		setup := tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)}
		old := requireToken(t, setup.client(t).Corp(testCorp))
		api.knowCode(testCorp, newCode)
		setup.Codes = func(context.Context, string) (string, error) { return newCode, nil }
		assert.NotEqual(t, old, requireToken(t, setup.client(t).Corp(testCorp)))
	})
	t.Run("suite secret", func(t *testing.T) {
		t.Parallel()
		api, cache := newPretendAPI(), newProbeCache()
		setup := tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)}
		old := requireToken(t, suiteToken.source(t, setup))
		setup.SuiteSecret = secretMark + "-suite-secret-2"
		api.knowSuite(testSuiteID, setup.SuiteSecret)
		assert.NotEqual(t, old, requireToken(t, suiteToken.source(t, setup)))
	})
	t.Run("suite", func(t *testing.T) {
		t.Parallel()
		const other = "ww9f8e7d6c5b4a3928"
		api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t, testSuiteID, other)
		api.knowSuite(other, testSuiteSecret)
		setup := tokenSetup{API: api, Cache: cache, Tickets: tickets}
		a, b := setup.client(t), tokenSetup{API: api, Cache: cache, Tickets: tickets, SuiteID: other}.client(t)
		assert.NotEqual(t, requireToken(t, a.Suite()), requireToken(t, b.Suite()))
		assert.NotEqual(t, requireToken(t, a.Corp(testCorp)), requireToken(t, b.Corp(testCorp)), "of the same corp")
	})
}

// Two suites in one process, one cache: each gets the token that its own ticket and secret are good for.
func TestElsewhere_SuitesDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	const suiteB, secretB = "ww9f8e7d6c5b4a3928", secretMark + "-suite-secret-b"
	const ticketA, ticketB = secretMark + "-ticket-a", secretMark + "-ticket-b"
	api := newPretendAPI()
	api.knowSuite(suiteB, secretB)
	api.acceptOnlyTicket(testSuiteID, ticketA)
	api.acceptOnlyTicket(suiteB, ticketB)
	cache := openwork.NewMemoryCache()
	a := newFixture(t, func(c *openwork.Config) { c.Cache = cache })
	b := newFixture(t, func(c *openwork.Config) { c.Cache, c.SuiteID = cache, suiteB })
	a.clock.Advance(time.Since(testNow))
	b.clock.Advance(time.Since(testNow))
	for _, p := range []struct {
		f             *fixture
		suite, ticket string
	}{{a, testSuiteID, ticketA}, {b, suiteB, ticketB}} {
		now := p.f.clock.Now()
		p.f.requireSuccess(newPush(ticketXML(p.suite, p.ticket, now), pushedAt(now), func(q *push) { q.ReceiveID = p.suite }).request())
	}

	clientA := tokenSetup{API: api, Cache: cache, Tickets: a.Tickets()}.client(t)
	clientB := tokenSetup{API: api, Cache: cache, Tickets: b.Tickets(), SuiteID: suiteB, SuiteSecret: secretB}.client(t)
	for range 2 {
		for _, c := range []struct {
			client *openwork.Client
			suite  string
		}{{clientA, testSuiteID}, {clientB, suiteB}} {
			var out struct{ Owner string }
			require.NoError(t, c.client.Suite().Get(context.Background(), "/cgi-bin/service/get_x", nil, &out))
			assert.Equal(t, c.suite, out.Owner)
		}
	}
	assert.Equal(t, 2, api.called("get_suite_token"))
}

// A frozen or broken cache costs time, never the token. What is warm does not ask it at all.
func TestTokens_CacheDown(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			cache.fail(errNetwork)
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t), Log: &logBuffer{}})
			token := requireToken(t, source)
			synctest.Wait() // it is written beside
			asked := len(cache.usedKeys())
			for range 10 {
				assert.Equal(t, token, requireToken(t, source), "process memory serves")
			}
			assert.Equal(t, 1, api.called(kind.endpoint))
			assert.Len(t, cache.usedKeys(), asked, "a warm token asked the cache")

			_ = source.Invalidate(context.Background(), token)
			assert.NotEqual(t, token, requireToken(t, source), "this process has dropped it in any case")
		})
	}
}

// A cache that keeps junk under our keys is no worse than an empty one.
func TestTokens_JunkInTheCache(t *testing.T) {
	t.Parallel()
	for _, junk := range []string{"", " ", "0", "null", "{}", "s3cr3t-bare", "\x00\xff", `{"token":""}`, "1|", "|", strings.Repeat("9", 400), "9999999999999 x"} {
		runInBubble(t, fmt.Sprintf("%.20q", junk), func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			setup := tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t), Log: &logBuffer{}}
			requireToken(t, suiteToken.source(t, setup))
			synctest.Wait() // it is written beside
			for _, key := range cache.usedKeys() {
				require.NoError(t, cache.Set(context.Background(), key, junk, time.Hour))
			}
			token := requireToken(t, suiteToken.source(t, setup))
			assert.Contains(t, token, string(suiteKind), "what is served was issued by the API")
			assert.Equal(t, 2, api.called("get_suite_token"))
		})
	}
}

func TestTokens_ConstructorsRefuse(t *testing.T) {
	t.Parallel()
	tickets := freshTickets(t)
	_, err := openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{CorpID: testProvider, Secret: testProviderSecret})
	require.NoError(t, err)
	_, err = openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{SuiteID: testSuiteID, Secret: testSuiteSecret, Tickets: tickets})
	require.NoError(t, err)
	_, err = openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{CorpID: testCorp, PermanentCode: testPermanentCode})
	require.NoError(t, err)
	fetch := func(context.Context) (string, time.Duration, error) { return "token", time.Hour, nil }
	_, err = openwork.NewCachedToken(openwork.CachedTokenConfig{Key: "mine", Fetch: fetch})
	require.NoError(t, err)

	for name, make := range map[string]func() error{
		"provider without corpid": func() error {
			_, err := openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{Secret: testProviderSecret})
			return err
		},
		"provider without secret": func() error {
			_, err := openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{CorpID: testProvider})
			return err
		},
		"suite without id": func() error {
			_, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{Secret: testSuiteSecret, Tickets: tickets})
			return err
		},
		"suite without secret": func() error {
			_, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{SuiteID: testSuiteID, Tickets: tickets})
			return err
		},
		"suite without tickets": func() error {
			_, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{SuiteID: testSuiteID, Secret: testSuiteSecret})
			return err
		},
		"corp without id": func() error {
			_, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{PermanentCode: testPermanentCode})
			return err
		},
		"corp without code": func() error {
			_, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{CorpID: testCorp})
			return err
		},
		"cached token without key": func() error {
			_, err := openwork.NewCachedToken(openwork.CachedTokenConfig{Fetch: fetch})
			return err
		},
		"cached token without fetch": func() error {
			_, err := openwork.NewCachedToken(openwork.CachedTokenConfig{Key: "mine"})
			return err
		},
	} {
		err := make()
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), secretMark, name)
	}
}

// A fetch of the user's own may fail in any way: it may panic, return nothing, or an absurd life.
func TestTokens_FetchMisbehaves(t *testing.T) {
	t.Parallel()
	source := func(fetch func(context.Context) (string, time.Duration, error)) openwork.TokenSource {
		source, err := openwork.NewCachedToken(openwork.CachedTokenConfig{Key: "mine", Fetch: fetch, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		return source
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for name, fetch := range map[string]func(context.Context) (string, time.Duration, error){
		"empty token": func(context.Context) (string, time.Duration, error) { return "", time.Hour, nil },
		"panic":       func(context.Context) (string, time.Duration, error) { panic(secretMark + " in the user's code") },
	} {
		token, err := source(fetch).Token(ctx)
		require.Error(t, err, name)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, name)
		assert.NotContains(t, fmt.Sprintf("%v %#v", err, err), secretMark, "what it panicked with may be the token")
		assert.Empty(t, token, name)
	}
	token, err := source(func(context.Context) (string, time.Duration, error) { return "good", -time.Hour, nil }).Token(ctx)
	if err == nil {
		assert.Equal(t, "good", token)
	} else {
		assert.Empty(t, token)
	}
}

func TestElsewhere_WarmTokenDoesNotAllocate(t *testing.T) {
	source := warmToken(t)
	ctx := context.Background()
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := source.Token(ctx); err != nil {
			t.Error(err)
		}
	}), 1.0)
}

// The kit of the tests on tokens.

var errNetwork = errors.New("network is unreachable")

// tokenSetup is what one replica is configured with. What is left zero is what its user would leave zero, but for the
// credentials.
type tokenSetup struct {
	API        *pretendAPI // in process, unless BaseURL or HTTPClient are given
	BaseURL    string
	HTTPClient *http.Client
	Cache      openwork.Cache
	Claims     openwork.Claimer
	Tickets    openwork.TicketStore
	Log        *logBuffer
	Codes      func(ctx context.Context, corpID string) (string, error)

	SuiteID, SuiteSecret string
}

func (s tokenSetup) httpClient() *http.Client {
	if s.HTTPClient == nil && s.API != nil {
		return s.API.client()
	}
	return s.HTTPClient
}

func (s tokenSetup) logger() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (s tokenSetup) suite() (id, secret string) {
	id, secret = testSuiteID, testSuiteSecret
	if s.SuiteID != "" {
		id = s.SuiteID
	}
	if s.SuiteSecret != "" {
		secret = s.SuiteSecret
	}
	return id, secret
}

func (s tokenSetup) config() openwork.ClientConfig {
	id, secret := s.suite()
	codes := s.Codes
	if codes == nil {
		codes = func(context.Context, string) (string, error) { return testPermanentCode, nil }
	}
	return openwork.ClientConfig{
		SuiteID: id, SuiteSecret: secret, ProviderCorpID: testProvider, ProviderSecret: testProviderSecret,
		Tickets: s.Tickets, PermanentCodes: codes, Cache: s.Cache, Claims: s.Claims,
		HTTPClient: s.httpClient(), BaseURL: s.BaseURL, Logger: s.logger(),
	}
}

func (s tokenSetup) client(t *testing.T) *openwork.Client {
	t.Helper()
	client, err := openwork.NewClient(s.config())
	require.NoError(t, err)
	return client
}

// clientFor is a client that uses tokens of the kind: that of a template for customized apps.
func (s tokenSetup) clientFor(t *testing.T, kind tokenKind) *openwork.Client {
	t.Helper()
	if kind.name == customizedToken.name {
		s.SuiteID = "dk1a2b3c4d5e6f7a8b"
	}
	return s.client(t)
}

// tokenKind is one of the kinds of token: how to make its source, what fetches it, what uses it.
type tokenKind struct {
	name     string
	endpoint string // that issues it
	kind     kindOfToken
	path     string // that needs it
	codes    []int  // by which WeCom says that it is no longer good
	source   func(t *testing.T, s tokenSetup) openwork.TokenSource
	caller   func(c *openwork.Client) openwork.Caller
}

// use makes one call with the token.
func (k tokenKind) use(ctx context.Context, c *openwork.Client) error {
	return k.caller(c).Get(ctx, k.path, nil, nil)
}

func usedEndpoint(k tokenKind) string {
	return strings.TrimPrefix(strings.TrimPrefix(k.path, "/cgi-bin/"), "service/")
}

var (
	providerToken = tokenKind{
		name: "provider", endpoint: "get_provider_token", kind: providerKind, path: "/cgi-bin/service/get_login_info",
		codes: []int{40014, 42001},
		source: func(t *testing.T, s tokenSetup) openwork.TokenSource {
			source, err := openwork.NewProviderAccessToken(openwork.ProviderAccessTokenConfig{
				CorpID: testProvider, Secret: testProviderSecret,
				Cache: s.Cache, Claims: s.Claims, HTTPClient: s.httpClient(), BaseURL: s.BaseURL, Logger: s.logger(),
			})
			require.NoError(t, err)
			return source
		},
		caller: func(c *openwork.Client) openwork.Caller { return c.Provider().Caller },
	}
	suiteToken = tokenKind{
		name: "suite", endpoint: "get_suite_token", kind: suiteKind, path: "/cgi-bin/service/get_x",
		codes: []int{40082, 42009},
		source: func(t *testing.T, s tokenSetup) openwork.TokenSource {
			id, secret := s.suite()
			source, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{
				SuiteID: id, Secret: secret, Tickets: s.Tickets,
				Cache: s.Cache, Claims: s.Claims, HTTPClient: s.httpClient(), BaseURL: s.BaseURL, Logger: s.logger(),
			})
			require.NoError(t, err)
			return source
		},
		caller: func(c *openwork.Client) openwork.Caller { return c.Suite().Caller },
	}
	corpToken = tokenKind{
		name: "corp", endpoint: "get_corp_token", kind: corpKind, path: "/cgi-bin/user/get",
		codes: []int{40014, 42001},
		source: func(t *testing.T, s tokenSetup) openwork.TokenSource {
			source, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{
				CorpID: testCorp, PermanentCode: testPermanentCode, Suite: suiteToken.source(t, s),
				Cache: s.Cache, Claims: s.Claims, HTTPClient: s.httpClient(), BaseURL: s.BaseURL, Logger: s.logger(),
			})
			require.NoError(t, err)
			return source
		},
		caller: func(c *openwork.Client) openwork.Caller { return c.Corp(testCorp).Caller },
	}
	customizedToken = tokenKind{
		name: "customized", endpoint: "gettoken", kind: corpKind, path: "/cgi-bin/user/get",
		codes: []int{40014, 42001},
		source: func(t *testing.T, s tokenSetup) openwork.TokenSource {
			source, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{
				CorpID: testCorp, PermanentCode: testPermanentCode,
				Cache: s.Cache, Claims: s.Claims, HTTPClient: s.httpClient(), BaseURL: s.BaseURL, Logger: s.logger(),
			})
			require.NoError(t, err)
			return source
		},
		caller: func(c *openwork.Client) openwork.Caller { return c.Corp(testCorp).Caller },
	}
	tokenKinds = []tokenKind{providerToken, suiteToken, corpToken, customizedToken}
)

// requireToken asks for the token, which must be there and not empty.
func requireToken(t testing.TB, source openwork.TokenSource) string {
	t.Helper()
	token, err := source.Token(context.Background())
	require.NoError(t, err)
	require.NotEmpty(t, token)
	return token
}

func requireRevoked(t *testing.T, code int, err error) {
	t.Helper()
	require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
	var failure *openwork.APIError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, code, failure.Code)
	require.NotContains(t, err.Error(), secretMark)
}

// warmToken is a source of a suite's token that has one already.
func warmToken(t testing.TB) openwork.TokenSource {
	t.Helper()
	tickets := openwork.TicketsIn(openwork.NewMemoryCache())
	ticket := openwork.SuiteTicket{Value: testTicket, Time: time.Now()}
	require.NoError(t, tickets.PutTicket(context.Background(), testSuiteID, ticket))
	source, err := openwork.NewSuiteAccessToken(openwork.SuiteAccessTokenConfig{
		SuiteID: testSuiteID, Secret: testSuiteSecret, Tickets: tickets, HTTPClient: newPretendAPI().client(),
	})
	require.NoError(t, err)
	requireToken(t, source)
	return source
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// endlessBody begins with a text, goes on with one letter for ever, and counts what is read of it.
type endlessBody struct {
	text string
	read *atomic.Int64
}

func (b *endlessBody) Read(p []byte) (int, error) {
	n := copy(p, b.text)
	b.text = b.text[n:]
	for ; n < len(p); n++ {
		p[n] = 'a'
	}
	b.read.Add(int64(n))
	return n, nil
}

// text answers with a body, status 200.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// waitFor waits until the client has left, at most d.
func waitFor(r *http.Request, d time.Duration) {
	_, _ = io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
	case <-time.After(d):
	}
}

// fixedTickets is a user's ticket store that always returns the same ticket.
type fixedTickets struct{ ticket openwork.SuiteTicket }

func (fixedTickets) PutTicket(context.Context, string, openwork.SuiteTicket) error { return nil }
func (s fixedTickets) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return s.ticket, nil
}

// probeCache is a Cache over a map, and nothing more than a Cache. It records the keys, and can be down, or frozen: then
// each call lasts until its context ends. Its entries do not expire, so what is kept too long comes to light.
type probeCache struct {
	mu      sync.Mutex
	entries map[string]string
	ttls    []time.Duration
	keys    []string
	down    error
	frozen  bool
	slow    time.Duration
}

func newProbeCache() *probeCache { return &probeCache{entries: map[string]string{}} }

func (c *probeCache) Get(ctx context.Context, key string) (string, bool, error) {
	if err := c.enter(ctx, key); err != nil {
		return "", false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.entries[key]
	return value, ok, nil
}

func (c *probeCache) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if err := c.enter(ctx, key); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ttls = append(c.ttls, ttl)
	if ttl <= 0 {
		delete(c.entries, key)
		return nil
	}
	c.entries[key] = value
	return nil
}

func (c *probeCache) Delete(ctx context.Context, key string) error {
	if err := c.enter(ctx, key); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
	return nil
}

// enter is what happens before each call. A frozen call that has a context without end gives up after ten minutes.
func (c *probeCache) enter(ctx context.Context, key string) error {
	c.mu.Lock()
	c.keys = append(c.keys, key)
	down, wait := c.down, c.slow
	if c.frozen {
		down, wait = errors.New("frozen, and nobody gave up"), 10*time.Minute
	}
	c.mu.Unlock()
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
	}
	return down
}

func (c *probeCache) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = err
}

func (c *probeCache) freeze(frozen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = frozen
}

func (c *probeCache) usedKeys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.keys...)
}

func (c *probeCache) usedTTLs() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.ttls...)
}

// probeClaims records what is claimed, and can be dead: then nothing reaches the Claimer behind it any more.
type probeClaims struct {
	openwork.Claimer
	mu   sync.Mutex
	keys []string
	dead error
}

func (c *probeClaims) enter(key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
	return c.dead
}

func (c *probeClaims) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	if err := c.enter(key); err != nil {
		return openwork.ClaimBusy, "", err
	}
	return c.Claimer.Claim(ctx, key, owner, lease)
}

func (c *probeClaims) Done(ctx context.Context, key, owner, result string, keep time.Duration) error {
	if err := c.enter(key); err != nil {
		return err
	}
	return c.Claimer.Done(ctx, key, owner, result, keep)
}

func (c *probeClaims) Release(ctx context.Context, key, owner string) error {
	if err := c.enter(key); err != nil {
		return err
	}
	return c.Claimer.Release(ctx, key, owner)
}

func (c *probeClaims) die(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = err
}

func (c *probeClaims) usedKeys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.keys...)
}
