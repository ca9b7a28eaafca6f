package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
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

// The lines on tokens in docs/faults.md that depend on time, in time that is not real: a sleep takes none, and nothing else
// makes the clock go on.

// An answer without end is read to 1 MiB and no further.
func TestK14_ReadsOneMiB(t *testing.T) {
	t.Parallel()
	for endpoint, limit := range map[string]int64{"get_suite_token": 1 << 20, "get_x": 32 << 20} {
		runInBubble(t, endpoint, func(t *testing.T) {
			api := newPretendAPI()
			var read, answers atomic.Int64
			endless := roundTripper(func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, endpoint) {
					return inProcess{api}.RoundTrip(r)
				}
				answers.Add(1)
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: -1, Request: r,
					Body: io.NopCloser(&endlessBody{text: `{"errcode":0,"pad":"`, read: &read}),
				}, nil
			})
			setup := tokenSetup{API: api, HTTPClient: &http.Client{Transport: endless}, Tickets: freshTickets(t)}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			var out map[string]any
			err := setup.client(t).Suite().Get(ctx, "/cgi-bin/service/get_x", nil, &out)
			require.Error(t, err)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			require.Positive(t, answers.Load())
			assert.LessOrEqual(t, read.Load()/answers.Load(), limit+64<<10)
		})
	}
}

func TestK15_TokenAnswers(t *testing.T) {
	t.Parallel()
	const token = `"suite_access_token":"s3cr3t-one"`
	for _, c := range []struct {
		name string
		body string
		ok   bool
	}{
		{"with errcode 0", `{"errcode":0,"errmsg":"ok",` + token + `,"expires_in":7200}`, true},
		{"success without errcode", `{` + token + `,"expires_in":7200}`, true},
		{"errcode null", `{"errcode":null,` + token + `,"expires_in":7200}`, true},
		{"unknown fields", `{` + token + `,"expires_in":7200,"new":{"a":[1]}}`, true},
		{"blank lines around it", "\n\n{" + token + `,"expires_in":7200}` + "\n\n", true},
		{"errcode 0 without token", `{"errcode":0,"errmsg":"ok","expires_in":7200}`, false},
		{"no field at all", `{}`, false},
		{"empty token", `{"errcode":0,"suite_access_token":"","expires_in":7200}`, false},
		{"token null", `{"errcode":0,"suite_access_token":null,"expires_in":7200}`, false},
		{"token a number", `{"errcode":0,"suite_access_token":17,"expires_in":7200}`, false},
		{"token an object", `{"errcode":0,"suite_access_token":{"a":"s3cr3t"},"expires_in":7200}`, false},
		{"token of another kind", `{"errcode":0,"access_token":"s3cr3t-one","expires_in":7200}`, false},
		{"errcode a word", `{"errcode":"none",` + token + `,"expires_in":7200}`, false},
		{"errcode not 0 beside a token", `{"errcode":40080,"errmsg":"no",` + token + `,"expires_in":7200}`, false},
		{"an array", `[{` + token + `,"expires_in":7200}]`, false},
		{"a string", `"s3cr3t-one"`, false},
		{"null", `null`, false},
		{"a number", `0`, false},
	} {
		runInBubble(t, c.name, func(t *testing.T) {
			api := newPretendAPI()
			api.always("get_suite_token", apiAnswer{Body: c.body})
			log := &logBuffer{}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			got, err := suiteToken.source(t, tokenSetup{API: api, Tickets: freshTickets(t), Log: log}).Token(ctx)
			assert.LessOrEqual(t, api.called(""), 3)
			if c.ok {
				require.NoError(t, err)
				assert.Equal(t, "s3cr3t-one", got)
				assert.Equal(t, 1, api.called(""))
				return
			}
			require.Error(t, err)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Empty(t, got)
			assert.NotContains(t, err.Error(), secretMark)
			assert.NotContains(t, log.String(), secretMark)
		})
	}
}

// An *url.Error shows the whole query. gettoken carries the permanent code there, and every call a token. It may come
// from the http.Client, or from a transport that is made of one; a transport may also write the URL itself.
func TestElsewhere_NetworkErrorShowsNoQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fails func(r *http.Request) error
		chain bool // nothing in the chain shows it either
	}{
		{"plain", func(*http.Request) error { return errNetwork }, true},
		{"a client inside the transport", func(r *http.Request) error {
			return &url.Error{Op: "Get", URL: r.URL.String(), Err: errNetwork}
		}, false},
		{"a transport that writes the URL", func(r *http.Request) error {
			return fmt.Errorf("dial for %s: %w", r.URL, errNetwork)
		}, false},
	} {
		for _, kind := range tokenKinds {
			runInBubble(t, c.name+", "+kind.name, func(t *testing.T) {
				api, log, refuse := newPretendAPI(), &logBuffer{}, atomic.Bool{}
				broken := roundTripper(func(r *http.Request) (*http.Response, error) {
					if refuse.Load() {
						return nil, c.fails(r)
					}
					return inProcess{api}.RoundTrip(r)
				})
				setup := tokenSetup{API: api, HTTPClient: &http.Client{Transport: broken}, Tickets: freshTickets(t), Log: log}
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				client := setup.clientFor(t, kind)
				require.NoError(t, kind.use(ctx, client))
				refuse.Store(true)

				useErr := kind.use(ctx, client)
				_, fetchErr := kind.source(t, setup).Token(ctx)
				for _, err := range []error{useErr, fetchErr} {
					require.ErrorIs(t, err, errNetwork)
					assert.NotContains(t, err.Error(), secretMark)
					for err = errors.Unwrap(err); err != nil && c.chain; err = errors.Unwrap(err) {
						assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secretMark)
					}
				}
				assert.NotContains(t, log.String(), secretMark)
			})
		}
	}
}

// After a flow that uses everything, no secret is in a cache key, a claim key, a log line or an error.
func TestElsewhere_NoSecretInKeysLogsAndErrors(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		api, cache, log := newPretendAPI(), newProbeCache(), &logBuffer{}
		claims := &probeClaims{Claimer: openwork.NewMemoryCache()}
		f := newFixture(t, func(c *openwork.Config) {
			c.Cache = cache
			c.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		f.clock.Advance(time.Since(testNow))
		now := f.clock.Now()
		f.requireSuccess(newPush(ticketXML(testSuiteID, testTicket, now), pushedAt(now)).request())
		api.handle("get_pre_auth_code", func(apiCall) apiAnswer {
			return apiAnswer{Body: `{"errcode":0,"errmsg":"ok","pre_auth_code":"s3cr3t-pre","expires_in":1200}`}
		})
		api.handle("v2/get_permanent_code", func(apiCall) apiAnswer {
			return apiAnswer{Body: `{"permanent_code":"s3cr3t-permanent-code","auth_corp_info":{"corpid":"` + testCorp + `"}}`}
		})
		api.handle("get_jsapi_ticket", func(apiCall) apiAnswer {
			return apiAnswer{Body: `{"errcode":0,"errmsg":"ok","ticket":"s3cr3t-js","expires_in":7200}`}
		})
		setup := tokenSetup{API: api, Cache: cache, Claims: claims, Tickets: f.Tickets(), Log: log}
		client := setup.client(t)
		ctx := context.Background()

		var failures []error
		note := func(err error) { failures = append(failures, err) }
		_, err := client.PreAuthCode(ctx)
		require.NoError(t, err)
		authorization, err := client.PermanentCode(ctx, testAuthCode)
		require.NoError(t, err)
		require.Equal(t, testPermanentCode, authorization.PermanentCode)
		_, err = client.Corp(testCorp).JSAPITicket(ctx)
		require.NoError(t, err)
		for _, kind := range tokenKinds {
			kindClient := setup.clientFor(t, kind)
			require.NoError(t, kind.use(ctx, kindClient))
			token := requireToken(t, kind.caller(kindClient))
			api.expire(token)
			require.NoError(t, kind.use(ctx, kindClient))
			for _, answer := range []apiAnswer{{Code: 60020}, {Code: 40014}, {Reset: true}, {Body: "<html>"}, {Status: 503}} {
				api.script(usedEndpoint(kind), answer, answer, answer, answer)
				note(kind.use(ctx, kindClient))
				api.unscript(usedEndpoint(kind))
			}
			api.always(kind.endpoint, apiAnswer{Body: `{"errcode":0,"errmsg":"` + testSuiteSecret + `","expires_in":"s3cr3t"}`})
			_, err := kind.source(t, tokenSetup{API: api, Tickets: f.Tickets(), Log: log}).Token(ctx)
			note(err)
			api.always(kind.endpoint, apiAnswer{})
		}
		require.NoError(t, client.Forget(ctx, testCorp))

		require.NotEmpty(t, cache.usedKeys())
		require.NotEmpty(t, claims.usedKeys())
		for _, key := range append(cache.usedKeys(), claims.usedKeys()...) {
			assert.NotContains(t, key, secretMark)
			assert.True(t, strings.HasPrefix(key, "openwork:"), key)
		}
		for _, err := range failures {
			require.Error(t, err)
			assert.NotContains(t, err.Error(), secretMark)
		}
		assert.NotContains(t, log.String(), secretMark)
		for _, value := range []any{setup.config(), authorization, *authorization} {
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", value, value, value), secretMark)
		}
	})
}

func TestK8_TicketTooOld(t *testing.T) {
	t.Parallel()
	stores := map[string]func() openwork.TicketStore{
		"TicketsIn":      func() openwork.TicketStore { return openwork.TicketsIn(openwork.NewMemoryCache()) },
		"a user's store": func() openwork.TicketStore { return &lastPutStore{} },
	}
	for name, store := range stores {
		for _, c := range []struct {
			age time.Duration
			ok  bool
		}{
			{0, true},
			{20 * time.Minute, true},
			{30*time.Minute - 10*time.Millisecond, true},
			{30*time.Minute + 10*time.Millisecond, false},
			{31 * time.Minute, false},
			{24 * time.Hour, false},
		} {
			runInBubble(t, fmt.Sprint(name, ", ", c.age, " old"), func(t *testing.T) {
				api, tickets := newPretendAPI(), store()
				ticket := openwork.SuiteTicket{Value: testTicket, Time: time.Now()}
				require.NoError(t, tickets.PutTicket(context.Background(), testSuiteID, ticket))
				time.Sleep(c.age)
				setup := tokenSetup{API: api, Tickets: tickets}
				client := setup.client(t)
				token, err := suiteToken.source(t, setup).Token(context.Background())
				useErr := corpToken.use(context.Background(), client)
				if c.ok {
					require.NoError(t, err)
					require.NotEmpty(t, token)
					require.NoError(t, useErr)
					return
				}
				for _, err := range []error{err, useErr} {
					require.ErrorIs(t, err, openwork.ErrSuiteTicketExpired)
					assert.NotErrorIs(t, err, openwork.ErrNoSuiteTicket)
					assert.Contains(t, err.Error(), "expired")
				}
				assert.Empty(t, token)
				assert.Zero(t, api.called(""), "a request was made with an expired ticket")

				ticket.Time = time.Now()
				require.NoError(t, tickets.PutTicket(context.Background(), testSuiteID, ticket))
				require.NoError(t, suiteToken.use(context.Background(), client), "the next ticket ends it at once")
			})
		}
	}
}

// A token that is alive is served on when tickets stop to arrive; only its successor needs one.
func TestK8_LiveTokenOutlivesTheTicket(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		api := newPretendAPI()
		source := suiteToken.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
		token := requireToken(t, source)
		for range 114 { // until 1:54 of its 2 hours
			time.Sleep(time.Minute)
			require.Equal(t, token, requireToken(t, source))
		}
		require.Equal(t, 1, api.called("get_suite_token"))
		time.Sleep(7 * time.Minute)
		_, err := source.Token(context.Background())
		require.ErrorIs(t, err, openwork.ErrSuiteTicketExpired)
		require.Equal(t, 1, api.called("get_suite_token"))
	})
}

// A replica that starts while no ticket is good takes the live token from the cache.
func TestK8_CachedTokenNeedsNoTicket(t *testing.T) {
	t.Parallel()
	for _, kind := range []tokenKind{suiteToken, corpToken} {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			token := requireToken(t, kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)}))
			time.Sleep(31 * time.Minute)
			none := openwork.TicketsIn(openwork.NewMemoryCache())
			assert.Equal(t, token, requireToken(t, kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: none})))
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
	}
}

func TestK9_TicketRefused(t *testing.T) {
	t.Parallel()
	const newer = secretMark + "-ticket-2"
	for _, c := range []struct {
		name        string
		put         *openwork.SuiteTicket // while the first call is under way
		after       time.Duration
		secondFails bool
		calls       int
		ok          bool
	}{
		{name: "no newer ticket", calls: 1},
		{name: "a newer ticket", put: &openwork.SuiteTicket{Value: newer}, after: time.Minute, calls: 2, ok: true},
		{name: "another ticket of the same second", put: &openwork.SuiteTicket{Value: newer}, calls: 2, ok: true},
		{name: "the same ticket again", put: &openwork.SuiteTicket{Value: testTicket}, calls: 1},
		{name: "an older ticket", put: &openwork.SuiteTicket{Value: newer}, after: -time.Minute, calls: 1},
		{name: "a newer ticket, refused too", put: &openwork.SuiteTicket{Value: newer}, after: time.Minute, secondFails: true, calls: 2},
	} {
		runInBubble(t, c.name, func(t *testing.T) {
			api, tickets := newPretendAPI(), freshTickets(t)
			dated := time.Now()
			time.Sleep(5 * time.Minute)
			api.script("get_suite_token", apiAnswer{Code: 40085, Delay: time.Second})
			if c.secondFails {
				api.always("get_suite_token", apiAnswer{Code: 40085})
			}
			if c.put != nil {
				go func() {
					time.Sleep(500 * time.Millisecond)
					ticket := *c.put
					ticket.Time = dated.Add(c.after)
					assert.NoError(t, tickets.PutTicket(context.Background(), testSuiteID, ticket))
				}()
			}
			token, err := suiteToken.source(t, tokenSetup{API: api, Tickets: tickets}).Token(context.Background())
			calls := api.callsOf("get_suite_token")
			require.Len(t, calls, c.calls)
			assert.Equal(t, testTicket, calls[0].JSON["suite_ticket"])
			if c.calls == 2 {
				assert.Equal(t, newer, calls[1].JSON["suite_ticket"])
			}
			if c.ok {
				require.NoError(t, err)
				assert.NotEmpty(t, token)
				return
			}
			requireFailure(t, 40085, err)
			assert.Empty(t, token)
		})
	}
}

func TestK10_TokenNoLongerGood(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, code := range kind.codes {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				name := fmt.Sprint(kind.name, " ", code, " ", method)
				runInBubble(t, name+" once", func(t *testing.T) {
					api := newPretendAPI()
					caller := kind.caller(tokenSetup{API: api, Tickets: freshTickets(t)}.clientFor(t, kind))
					require.NoError(t, caller.Do(context.Background(), method, kind.path, nil, nil, nil))
					api.script(usedEndpoint(kind), apiAnswer{Code: code})
					require.NoError(t, caller.Do(context.Background(), method, kind.path, nil, nil, nil))
					used := api.callsOf(usedEndpoint(kind))
					require.Len(t, used, 3, "one retry")
					assert.Equal(t, used[0].Token, used[1].Token)
					assert.NotEqual(t, used[1].Token, used[2].Token, "the retry has the new token")
					assert.Equal(t, 2, api.called(kind.endpoint), "one refresh")
				})
				runInBubble(t, name+" for ever", func(t *testing.T) {
					api := newPretendAPI()
					caller := kind.caller(tokenSetup{API: api, Tickets: freshTickets(t)}.clientFor(t, kind))
					requireToken(t, caller)
					api.always(usedEndpoint(kind), apiAnswer{Code: code})
					err := caller.Do(context.Background(), method, kind.path, nil, nil, nil)
					requireFailure(t, code, err)
					assert.LessOrEqual(t, api.called(usedEndpoint(kind)), 2, "the second failure is returned")
					assert.LessOrEqual(t, api.called(kind.endpoint), 2, "one refresh")
				})
			}
		}
	}
}

// The pretend API ends a token early: 40014 or 40082. It expires it: 42001 or 42009. Both heal within one call.
func TestK10_RealRefusals(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			client := tokenSetup{API: api, Tickets: freshTickets(t)}.clientFor(t, kind)
			for i, spoil := range []func(string){api.revoke, api.expire, api.revoke} {
				spoil(requireToken(t, kind.caller(client)))
				require.NoError(t, kind.use(context.Background(), client))
				assert.Equal(t, i+2, api.called(kind.endpoint))
			}
		})
	}
}

// A stale suite token under a corp token: get_corp_token itself is answered 42009, and heals in the same way.
func TestK10_SuiteTokenUnderACorpToken(t *testing.T) {
	t.Parallel()
	for _, code := range suiteToken.codes {
		runInBubble(t, fmt.Sprint(code), func(t *testing.T) {
			api := newPretendAPI()
			setup := tokenSetup{API: api, Tickets: freshTickets(t)}
			client := setup.client(t)
			requireToken(t, client.Suite())
			api.script("get_corp_token", apiAnswer{Code: code})
			require.NoError(t, corpToken.use(context.Background(), client))
			calls := api.callsOf("get_corp_token")
			require.Len(t, calls, 2)
			assert.NotEqual(t, calls[0].Token, calls[1].Token)
			assert.Equal(t, 2, api.called("get_suite_token"))
		})
	}
}

// Through the user's own http.Client: the body is sent again whole.
func TestK10_RoundTripper(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		api := newPretendAPI()
		client := tokenSetup{API: api, Tickets: freshTickets(t)}.client(t)
		own := &http.Client{Transport: client.Corp(testCorp).RoundTripper()}
		api.expire(requireToken(t, client.Corp(testCorp)))
		response, err := own.Post(openwork.DefaultBaseURL+"/cgi-bin/user/get?a=b", "application/json", strings.NewReader(`{"c":"d"}`))
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Contains(t, string(body), testCorp)
		calls := api.callsOf("user/get")
		require.Len(t, calls, 2)
		for _, call := range calls {
			assert.JSONEq(t, `{"c":"d"}`, call.Body)
			assert.Equal(t, "b", call.Query.Get("a"))
		}

		_, err = own.Get("https://example.com/cgi-bin/user/get") //nolint:bodyclose // there is none
		require.Error(t, err, "a token is sent to WeCom only")
		assert.NotContains(t, err.Error(), secretMark)
		assert.Equal(t, 2, api.called("user/get"))
	})
}

func TestK11_HundredSeeAnExpiredToken(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 10} {
		for _, kind := range tokenKinds {
			runInBubble(t, fmt.Sprint(kind.name, " in ", replicas, " replicas"), func(t *testing.T) {
				api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
				clients := make([]*openwork.Client, replicas)
				for i := range clients {
					clients[i] = tokenSetup{API: api, Cache: cache, Tickets: tickets}.clientFor(t, kind)
					requireToken(t, kind.caller(clients[i]))
				}
				require.Equal(t, 1, api.called(kind.endpoint), "replicas share the first token")
				api.expire(requireToken(t, kind.caller(clients[0])))
				// The refusals arrive over five seconds, most of them after the token has been replaced.
				for i := range 100 {
					api.script(usedEndpoint(kind), apiAnswer{Delay: time.Duration(i+1) * 50 * time.Millisecond})
				}
				api.script(kind.endpoint, apiAnswer{Delay: 300 * time.Millisecond})
				together(100, func(i int) {
					assert.NoError(t, kind.use(context.Background(), clients[i%replicas]))
				})
				assert.Equal(t, 2, api.called(kind.endpoint), "one refresh")
			})
		}
	}
}

func TestElsewhere_LateExpiredAnswerKeepsTheNewerToken(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			setup := tokenSetup{API: api, Cache: cache, Tickets: tickets}
			ctx := context.Background()
			a, b := kind.source(t, setup), kind.source(t, setup)
			old := requireToken(t, a)
			require.Equal(t, old, requireToken(t, b))
			require.NoError(t, a.Invalidate(ctx, old))
			newer := requireToken(t, a)
			require.NotEqual(t, old, newer)

			for _, late := range []openwork.TokenSource{a, b, kind.source(t, setup), a, b} {
				require.NoError(t, late.Invalidate(ctx, old))
				require.Equal(t, newer, requireToken(t, late))
			}
			require.NoError(t, a.Invalidate(ctx, ""))
			require.NoError(t, a.Invalidate(ctx, "never issued"))
			require.Equal(t, newer, requireToken(t, a))
			require.Equal(t, newer, requireToken(t, kind.source(t, setup)), "the cache has it too")
			assert.Equal(t, 2, api.called(kind.endpoint))
		})
	}
}

// The same where only process memory knows the newer token, since the cache is down.
func TestElsewhere_LateExpiredAnswerWhileTheCacheIsDown(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			cache.fail(errNetwork)
			old := requireToken(t, source)
			_ = source.Invalidate(context.Background(), old)
			newer := requireToken(t, source)
			require.NotEqual(t, old, newer)
			_ = source.Invalidate(context.Background(), old)
			assert.Equal(t, newer, requireToken(t, source))
			assert.Equal(t, 2, api.called(kind.endpoint))
		})
	}
}

// A replica that was away still has the old token in memory. It learns so by one refusal, and takes the one in the cache.
func TestElsewhere_ReplicaWithAnOldTokenTakesTheNewerOne(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, tickets := newPretendAPI(), freshTickets(t)
			setup := tokenSetup{API: api, Cache: openwork.NewMemoryCache(), Tickets: tickets}
			away, busy := setup.clientFor(t, kind), setup.clientFor(t, kind)
			require.NoError(t, kind.use(context.Background(), away))
			require.NoError(t, kind.use(context.Background(), busy))
			api.revoke(requireToken(t, kind.caller(busy)))
			require.NoError(t, kind.use(context.Background(), busy))
			newer := requireToken(t, kind.caller(busy))
			require.NoError(t, kind.use(context.Background(), away))
			assert.Equal(t, newer, requireToken(t, kind.caller(away)))
			assert.Equal(t, 2, api.called(kind.endpoint))
		})
	}
}

func TestK12_Limited(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name+", refresh ahead of time", func(t *testing.T) {
			api := newPretendAPI()
			source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t)})
			token := requireToken(t, source)
			time.Sleep(7200*time.Second - 11*time.Minute)
			api.always(kind.endpoint, apiAnswer{Code: 45009})
			for range 600 {
				require.Equal(t, token, requireToken(t, source), "the token at hand is served")
				time.Sleep(time.Second)
			}
			attempts := api.callsOf(kind.endpoint)[1:]
			require.NotEmpty(t, attempts)
			require.LessOrEqual(t, len(attempts), 10)
			for i := 1; i < len(attempts); i++ {
				assert.GreaterOrEqual(t, attempts[i].At.Sub(attempts[i-1].At), 60*time.Second, "attempt %d", i)
			}
			api.always(kind.endpoint, apiAnswer{})
			time.Sleep(3 * time.Minute)
			assert.NotEqual(t, token, requireToken(t, source), "the limit passes")
		})
		runInBubble(t, kind.name+", cold", func(t *testing.T) {
			api := newPretendAPI()
			source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t)})
			api.always(kind.endpoint, apiAnswer{Code: 45009})
			for range 59 {
				_, err := source.Token(context.Background())
				requireFailure(t, 45009, err)
				time.Sleep(time.Second)
			}
			require.Equal(t, 1, api.called(kind.endpoint), "next try ≥ 60 s")
			api.always(kind.endpoint, apiAnswer{})
			time.Sleep(2 * time.Minute)
			requireToken(t, source)
		})
		runInBubble(t, kind.name+", call", func(t *testing.T) {
			api := newPretendAPI()
			client := tokenSetup{API: api, Tickets: keptTickets(t)}.clientFor(t, kind)
			token := requireToken(t, kind.caller(client))
			api.always(usedEndpoint(kind), apiAnswer{Code: 45009})
			requireFailure(t, 45009, kind.use(context.Background(), client))
			assert.Equal(t, 1, api.called(usedEndpoint(kind)), "no retry")
			assert.Equal(t, token, requireToken(t, kind.caller(client)), "the token is not to blame")
		})
	}
}

// Refusals of the old token arrive one by one while the refresh is limited: each drops what is gone already, and none is
// a reason to ask again. The same holds for an error that is final.
func TestK12_LimitedWhileRefusalsArrive(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for code, most := range map[int]int{45009: 1, 40013: 4} {
			runInBubble(t, fmt.Sprint(kind.name, " ", code), func(t *testing.T) {
				api := newPretendAPI()
				client := tokenSetup{API: api, Tickets: keptTickets(t)}.clientFor(t, kind)
				api.expire(requireToken(t, kind.caller(client)))
				for i := range 100 {
					api.script(usedEndpoint(kind), apiAnswer{Delay: time.Duration(i+1) * 50 * time.Millisecond})
				}
				api.always(kind.endpoint, apiAnswer{Code: code})
				together(100, func(int) { assert.Error(t, kind.use(context.Background(), client)) })
				assert.LessOrEqual(t, api.called(kind.endpoint)-1, most, "fetches within five seconds")
			})
		}
	}
}

// Replicas that start together do not each run into the limit: what one of them was told holds for all.
func TestK12_LimitedInColdReplicas(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), openwork.NewMemoryCache()
			sources := make([]openwork.TokenSource, 50)
			for i := range sources {
				sources[i] = kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			}
			api.always(kind.endpoint, apiAnswer{Code: 45009, Delay: 300 * time.Millisecond})
			began := time.Now()
			fail := func(i int) {
				_, err := sources[i].Token(context.Background())
				assertFailure(t, 45009, err)
				assert.ErrorContains(t, err, kind.endpoint)
			}
			together(len(sources), fail)
			assert.Less(t, time.Since(began), 5*time.Second)
			for time.Since(began) < 59*time.Second {
				together(len(sources), fail)
				time.Sleep(time.Second)
			}
			require.Equal(t, 1, api.called(kind.endpoint))

			api.always(kind.endpoint, apiAnswer{})
			time.Sleep(5 * time.Second) // it is a minute from the one refusal on, whoever heard of it when
			token := requireToken(t, sources[0])
			together(len(sources), func(i int) { assert.Equal(t, token, requireTokenIn(t, sources[i])) })
			assert.Equal(t, 2, api.called(kind.endpoint))
		})
	}
}

// Nor do they each ask a WeCom that is busy or away: one fetch, with its attempts, is enough for two seconds.
func TestK14_TroubleInColdReplicas(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]apiAnswer{
		"500": {Status: 500}, "503 with a page": {Status: 503, Body: "<html>"}, "-1": {Code: -1}, "45033": {Code: 45033},
	} {
		for _, kind := range tokenKinds {
			runInBubble(t, kind.name+", "+name, func(t *testing.T) {
				api, cache := newPretendAPI(), openwork.NewMemoryCache()
				sources := make([]openwork.TokenSource, 50)
				for i := range sources {
					sources[i] = kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
				}
				api.always(kind.endpoint, trouble)
				fail := func(i int) {
					_, err := sources[i].Token(context.Background())
					if assert.Error(t, err) && trouble.Code != 0 {
						assertFailure(t, trouble.Code, err)
					}
					assert.ErrorContains(t, err, kind.endpoint)
					assert.NotContains(t, err.Error(), secretMark)
				}
				together(len(sources), fail)
				failed := api.callsOf(kind.endpoint)
				for time.Since(failed[len(failed)-1].At) < 1900*time.Millisecond {
					together(len(sources), fail)
					time.Sleep(50 * time.Millisecond)
				}
				require.LessOrEqual(t, api.called(kind.endpoint), 3)

				api.always(kind.endpoint, apiAnswer{})
				time.Sleep(3 * time.Second)
				together(len(sources), func(i int) { requireTokenIn(t, sources[i]) })
				assert.Equal(t, len(failed)+1, api.called(kind.endpoint))
			})
		}
	}
}

// What may go wrong in one replica only keeps no other from trying.
func TestTokens_FailureOfOneReplicaIsNotShared(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for name, fails := range map[string]func(r *http.Request, api http.RoundTripper) (*http.Response, error){
			"no connection": func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, errNetwork },
			"60020, it has another address": func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
				return inProcess{text(apiFailure(60020))}.RoundTrip(r)
			},
		} {
			runInBubble(t, kind.name+", "+name, func(t *testing.T) {
				api, cache := newPretendAPI(), openwork.NewMemoryCache()
				broken := roundTripper(func(r *http.Request) (*http.Response, error) {
					if !strings.HasSuffix(r.URL.Path, kind.endpoint) {
						return inProcess{api}.RoundTrip(r)
					}
					time.Sleep(100 * time.Millisecond)
					return fails(r, inProcess{api})
				})
				first := kind.source(t, tokenSetup{Cache: cache, Tickets: keptTickets(t), HTTPClient: &http.Client{Transport: broken}})
				second := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
				go func() {
					_, err := first.Token(context.Background())
					assert.Error(t, err)
				}()
				time.Sleep(50 * time.Millisecond)
				token := requireToken(t, second)
				assert.Equal(t, 1, api.called(kind.endpoint))
				time.Sleep(3 * time.Second)
				assert.Equal(t, token, requireToken(t, first), "what the other got")
			})
		}
	}
}

func TestK13_FinalErrors(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, code := range []int{60020, 40080, 40084, 40001, 40013, 40083, 40091, 48002, 48004, 50003} {
			runInBubble(t, fmt.Sprint(kind.name, " ", code), func(t *testing.T) {
				api := newPretendAPI()
				setup := tokenSetup{API: api, Tickets: keptTickets(t)}
				source := kind.source(t, setup)
				api.always(kind.endpoint, apiAnswer{Code: code})
				began := time.Now()
				_, err := source.Token(context.Background())
				requireFailure(t, code, err)
				assert.Equal(t, 1, api.called(kind.endpoint), "no retry")
				assert.Zero(t, time.Since(began), "and no wait")

				// It is remembered for up to two seconds, no longer.
				together(100, func(int) {
					_, err := source.Token(context.Background())
					assertFailure(t, code, err)
				})
				assert.LessOrEqual(t, api.called(kind.endpoint), 2, "a stampede")
				time.Sleep(2100 * time.Millisecond)
				api.always(kind.endpoint, apiAnswer{})
				requireToken(t, source)

				// The same answer to a call is final too, and leaves the token alone.
				if kind.kind == corpKind && (code == 40001 || code == 40084) {
					return // those are about the permanent code, which is looked up once more
				}
				client := setup.clientFor(t, kind)
				token := requireToken(t, kind.caller(client))
				api.always(usedEndpoint(kind), apiAnswer{Code: code})
				requireFailure(t, code, kind.use(context.Background(), client))
				assert.Equal(t, 1, api.called(usedEndpoint(kind)))
				assert.Equal(t, token, requireToken(t, kind.caller(client)))
			})
		}
	}
}

func TestK14_PassingTroubleIsRetried(t *testing.T) {
	t.Parallel()
	troubles := map[string]apiAnswer{
		"-1": {Code: -1}, "500": {Status: 500}, "503 with a page": {Status: 503, Body: "<html>"}, "reset": {Reset: true},
		"HTML": {Body: "<html></html>"}, "truncated": {Body: `{"errcode":0,"acc`}, "empty": {Body: " "},
	}
	for _, kind := range tokenKinds {
		for name, trouble := range troubles {
			runInBubble(t, kind.name+" "+name, func(t *testing.T) {
				api := newPretendAPI()
				setup := tokenSetup{API: api, Tickets: keptTickets(t)}
				api.script(kind.endpoint, trouble, trouble)
				began := time.Now()
				requireToken(t, kind.source(t, setup))
				assert.Equal(t, 3, api.called(kind.endpoint), "two failures, then the token")
				assert.Positive(t, time.Since(began), "with a pause in between")
				assert.Less(t, time.Since(began), 10*time.Second)

				api.script(kind.endpoint, trouble, trouble, trouble)
				_, err := kind.source(t, setup).Token(context.Background())
				require.Error(t, err)
				assert.Equal(t, 6, api.called(kind.endpoint), "the third failure is returned")

				client := setup.clientFor(t, kind)
				requireToken(t, kind.caller(client))
				api.script(usedEndpoint(kind), trouble, trouble)
				require.NoError(t, kind.use(context.Background(), client))
				assert.Equal(t, 3, api.called(usedEndpoint(kind)))
				api.script(usedEndpoint(kind), trouble, trouble, trouble)
				require.Error(t, kind.use(context.Background(), client))
				assert.Equal(t, 6, api.called(usedEndpoint(kind)))

				// The outcome of a POST is unknown.
				if trouble.Code == 0 {
					api.script(usedEndpoint(kind), trouble)
					require.Error(t, kind.caller(client).Post(context.Background(), kind.path, nil, nil))
					assert.Equal(t, 7, api.called(usedEndpoint(kind)), "a POST is not repeated blindly")
				}
			})
		}
	}
}

func TestK14_Hang(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name+", the caller has a deadline", func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Delay: 15 * time.Second})
			source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t)})
			ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := source.Token(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 700*time.Millisecond, time.Since(began))
		})
		runInBubble(t, kind.name+", the caller has none", func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Delay: 15 * time.Second})
			source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t)})
			began := time.Now()
			_, err := source.Token(context.Background())
			require.Error(t, err)
			assert.NotContains(t, err.Error(), secretMark)
			assert.LessOrEqual(t, time.Since(began), 11*time.Second, "the fetch has a deadline of its own")
			time.Sleep(time.Minute)
			api.always(kind.endpoint, apiAnswer{})
			requireToken(t, source)
		})
		runInBubble(t, kind.name+", backoff within the deadline", func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Status: 500})
			source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t)})
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := source.Token(ctx)
			require.Error(t, err)
			assert.LessOrEqual(t, time.Since(began), 50*time.Millisecond)
		})
	}
}

// Whatever expires_in says, the token is either refused or fetched again within two hours, and no cache is told to keep
// it longer.
func TestK15_ExpiresIn(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, expiry := range []string{
			"0", "-1", "-7200", "1", "59", "60", `"7200"`, `"x"`, `""`, "null", "absent", "true", "[7200]", "{}", "7200.0", "7.2e3",
			"1000000000", "9223372036854775807", "9223372036854775808", "1e300", "-1e300", "9223372036",
		} {
			runInBubble(t, kind.name+" "+expiry, func(t *testing.T) {
				api, cache, tickets := newPretendAPI(), newProbeCache(), keptTickets(t)
				api.always(kind.endpoint, apiAnswer{Expiry: expiry})
				source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
				ask := func(source openwork.TokenSource) error {
					token, err := source.Token(context.Background())
					if err != nil {
						assert.Empty(t, token)
						assert.NotContains(t, err.Error(), secretMark)
						return err
					}
					assert.NotEmpty(t, token)
					return nil
				}
				err := ask(source)
				calls := api.called(kind.endpoint)
				require.LessOrEqual(t, calls, 3)
				if err == nil {
					for range 50 {
						time.Sleep(time.Second)
						require.NoError(t, ask(source))
					}
					require.LessOrEqual(t, api.called(kind.endpoint), calls+1, "asked for in a loop")
					calls = api.called(kind.endpoint)
				}
				time.Sleep(2 * time.Hour)
				_ = ask(source)
				assert.Greater(t, api.called(kind.endpoint), calls, "cached for ever in memory")
				calls = api.called(kind.endpoint)
				time.Sleep(2 * time.Hour)
				_ = ask(kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets}))
				assert.Greater(t, api.called(kind.endpoint), calls, "cached for ever in the cache")
				for _, ttl := range cache.usedTTLs() {
					assert.LessOrEqual(t, ttl, 2*time.Hour)
				}

				api.always(kind.endpoint, apiAnswer{})
				time.Sleep(2 * time.Hour)
				requireToken(t, source)
			})
		}
	}
}

// An API that repeats the live token with what is left of its life is not asked in a loop, and no call suffers.
func TestK16_SameTokenWithLessLife(t *testing.T) {
	t.Parallel()
	for _, kind := range []tokenKind{providerToken, suiteToken, customizedToken} {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			api.sticky = true
			client := tokenSetup{API: api, Tickets: keptTickets(t)}.clientFor(t, kind)
			for range 3 * 3600 {
				require.NoError(t, kind.use(context.Background(), client))
				time.Sleep(time.Second)
			}
			calls := api.callsOf(kind.endpoint)
			require.Greater(t, len(calls), 3)
			for i := 1; i < len(calls); i++ {
				// A token that was refused is replaced at once; nothing else is reason to ask within the minute.
				refused := false
				for _, used := range api.callsOf(usedEndpoint(kind)) {
					refused = refused || used.At.Equal(calls[i].At)
				}
				if gap := calls[i].At.Sub(calls[i-1].At); gap < time.Minute {
					assert.True(t, refused && gap > 0, "call %d came %s after the one before", i, gap)
				}
			}
			assert.LessOrEqual(t, len(calls), 40)
		})
	}
}

func TestK16_SameTokenInManyReplicas(t *testing.T) {
	t.Parallel()
	for _, kind := range []tokenKind{suiteToken, customizedToken} {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), openwork.NewMemoryCache()
			api.sticky = true
			sources := make([]openwork.TokenSource, 5)
			for i := range sources {
				sources[i] = kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			}
			for range 7100 {
				for _, source := range sources {
					requireToken(t, source)
				}
				time.Sleep(time.Second)
			}
			calls := api.callsOf(kind.endpoint)
			require.Greater(t, len(calls), 3)
			assert.LessOrEqual(t, len(calls), 1+15, "at most one call a minute in the last quarter of an hour, for all of them")
		})
	}
}

func TestK17_ColdReplicas(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			api.always(kind.endpoint, apiAnswer{Delay: 500 * time.Millisecond})
			sources := make([]openwork.TokenSource, 50)
			for i := range sources {
				sources[i] = kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
			}
			tokens := make([]string, len(sources))
			began := time.Now()
			together(len(sources), func(i int) { tokens[i] = requireTokenIn(t, sources[i]) })
			assert.Equal(t, 1, api.called(kind.endpoint))
			for _, token := range tokens {
				assert.Equal(t, tokens[0], token)
				assert.NotEmpty(t, token)
			}
			assert.Less(t, time.Since(began), 5*time.Second, "the losers notice soon")
		})
	}
}

func TestElsewhere_ColdGoroutinesOneCall(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Delay: 500 * time.Millisecond})
			source := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
			tokens := make([]string, 50)
			began := time.Now()
			together(len(tokens), func(i int) { tokens[i] = requireTokenIn(t, source) })
			assert.Equal(t, 1, api.called(kind.endpoint))
			for _, token := range tokens {
				assert.Equal(t, tokens[0], token)
			}
			assert.LessOrEqual(t, time.Since(began), time.Second)
		})
		runInBubble(t, kind.name+", expired", func(t *testing.T) {
			api := newPretendAPI()
			source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t)})
			old := requireToken(t, source)
			time.Sleep(3 * time.Hour)
			api.always(kind.endpoint, apiAnswer{Delay: 500 * time.Millisecond})
			together(50, func(int) { assert.NotEqual(t, old, requireTokenIn(t, source)) })
			assert.Equal(t, 2, api.called(kind.endpoint))
		})
	}
}

func TestElsewhere_FourCallsOneFetch(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			source := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
			token := requireToken(t, source)
			for range 3 {
				time.Sleep(10 * time.Minute)
				assert.Equal(t, token, requireToken(t, source))
			}
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
	}
}

// The replica that fetches is killed: the others wait for its lease, and one of them fetches.
func TestK17_LockHolderKilled(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			// What a corp's token hangs on is there already.
			if kind.name == corpToken.name {
				requireToken(t, suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets}))
			}
			claims, dead := &probeClaims{Claimer: cache}, atomic.Bool{}
			mortal := roundTripper(func(r *http.Request) (*http.Response, error) {
				if dead.Load() {
					return nil, errNetwork
				}
				return inProcess{api}.RoundTrip(r)
			})
			api.script(kind.endpoint, apiAnswer{Delay: time.Hour})
			killed := kind.source(t, tokenSetup{Cache: cache, Claims: claims, Tickets: tickets, HTTPClient: &http.Client{Transport: mortal}})
			ctx, kill := context.WithCancel(context.Background())
			go func() { _, _ = killed.Token(ctx) }()
			time.Sleep(100 * time.Millisecond)
			dead.Store(true)
			claims.die(errNetwork)
			kill()

			sources := make([]openwork.TokenSource, 49)
			for i := range sources {
				sources[i] = kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
			}
			began := time.Now()
			tokens := make([]string, len(sources))
			together(len(sources), func(i int) { tokens[i] = requireTokenIn(t, sources[i]) })
			assert.LessOrEqual(t, api.called(kind.endpoint), 2)
			assert.Less(t, time.Since(began), 30*time.Second, "a dead winner costs one lease")
			for _, token := range tokens {
				assert.Equal(t, tokens[0], token)
			}
		})
	}
}

// The claim is somebody's who will never fetch: it is waited for until its lease ends, and never without end.
func TestK17_ClaimHolderGone(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, c := range []struct {
			name  string
			lease time.Duration
			most  time.Duration
		}{
			{"a short lease", 2 * time.Second, 5 * time.Second},
			{"a usual lease", 12 * time.Second, 15 * time.Second},
		} {
			runInBubble(t, kind.name+", "+c.name, func(t *testing.T) {
				api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), keptTickets(t)
				claimAll(t, cache, c.lease, kind, api)
				calls := api.called(kind.endpoint)
				source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				began := time.Now()
				_, err := source.Token(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded, "a waiter leaves with its own context")
				require.Equal(t, time.Second, time.Since(began))
				requireToken(t, source)
				assert.Less(t, time.Since(began), c.most)
				assert.Equal(t, calls+1, api.called(kind.endpoint))
			})
		}
		runInBubble(t, kind.name+", a lease that does not end", func(t *testing.T) {
			api, cache := newPretendAPI(), openwork.NewMemoryCache()
			claimAll(t, cache, time.Hour, kind, api)
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			began := time.Now()
			if token, err := source.Token(context.Background()); err != nil {
				assert.Empty(t, token)
			} else {
				assert.NotEmpty(t, token)
			}
			assert.Less(t, time.Since(began), 40*time.Second)
			time.Sleep(time.Hour)
			requireToken(t, source)
		})
	}
}

// A corp's token waits for the suite's, which waits for a dead replica's lease: that still costs one lease.
func TestK17_ClaimHolderGoneBelowACorpToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		api, cache := newPretendAPI(), openwork.NewMemoryCache()
		claimAll(t, cache, 12*time.Second, suiteToken, api)
		began := time.Now()
		requireToken(t, corpToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)}))
		assert.Less(t, time.Since(began), 15*time.Second)
	})
}

// claimAll takes the claims that a fetch of the token would take, for an owner that is gone. Which ones they are is
// learnt from a fetch elsewhere.
func claimAll(t *testing.T, claims openwork.Claimer, lease time.Duration, kind tokenKind, api *pretendAPI) {
	t.Helper()
	scout := &probeClaims{Claimer: openwork.NewMemoryCache()}
	requireToken(t, kind.source(t, tokenSetup{API: api, Claims: scout, Tickets: keptTickets(t)}))
	keys := map[string]bool{}
	for _, key := range scout.usedKeys() {
		keys[key] = true
	}
	require.NotEmpty(t, keys)
	for key := range keys {
		state, _, err := claims.Claim(context.Background(), key, "gone", lease)
		require.NoError(t, err)
		require.Equal(t, openwork.ClaimTaken, state)
	}
}

func TestElsewhere_LockLoserGetsTheWinnersToken(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			setup := tokenSetup{API: api, Cache: cache, Tickets: tickets}
			api.script(kind.endpoint, apiAnswer{Delay: 8 * time.Second})
			winner, loser := kind.source(t, setup), kind.source(t, setup)
			var won string
			done := make(chan struct{})
			go func() { defer close(done); won = requireTokenIn(t, winner) }()
			time.Sleep(100 * time.Millisecond)
			lost := requireToken(t, loser)
			<-done
			assert.NotEmpty(t, won)
			assert.Equal(t, won, lost)
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
		// The replicas share claims but, by mistake, no cache; or the winner could not write it down.
		runInBubble(t, kind.name+", the winner's token is nowhere", func(t *testing.T) {
			api, claims, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			var sources []openwork.TokenSource
			for range 5 {
				sources = append(sources, kind.source(t, tokenSetup{API: api, Cache: newProbeCache(), Claims: claims, Tickets: tickets}))
			}
			began := time.Now()
			together(len(sources), func(i int) { assert.NotEmpty(t, requireTokenIn(t, sources[i])) })
			assert.Less(t, time.Since(began), 90*time.Second)
			assert.LessOrEqual(t, api.called(kind.endpoint), len(sources))
		})
		runInBubble(t, kind.name+", the winner fails", func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			setup := tokenSetup{API: api, Cache: cache, Tickets: tickets}
			api.script(kind.endpoint, apiAnswer{Code: 40013, Delay: time.Second})
			winner, loser := kind.source(t, setup), kind.source(t, setup)
			go func() { _, _ = winner.Token(context.Background()) }()
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			token, err := loser.Token(context.Background())
			if err != nil {
				requireFailure(t, 40013, err)
			} else {
				assert.NotEmpty(t, token)
			}
			assert.Less(t, time.Since(began), 5*time.Second, "a winner that fails gives the claim back")
		})
	}
}

// A replica finds no token, and by the time it has the claim another has fetched one and given the claim back.
func TestTokens_LooksAgainAfterTheClaim(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), openwork.NewMemoryCache(), freshTickets(t)
			quick := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
			slow := kind.source(t, tokenSetup{API: api, Cache: cache, Claims: lateClaims{cache}, Tickets: tickets})
			if kind.name == corpToken.name { // the suite's token is there, so that both come to the corp's at once
				requireToken(t, suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets}))
			}
			api.always(kind.endpoint, apiAnswer{Delay: 100 * time.Millisecond})
			together(2, func(i int) { requireTokenIn(t, []openwork.TokenSource{slow, quick}[i]) })
			assert.Equal(t, requireToken(t, quick), requireToken(t, slow))
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
	}
}

// Claims that cannot be had, or whose store is frozen, cost time, never the token.
func TestTokens_ClaimsDown(t *testing.T) {
	t.Parallel()
	runInBubble(t, "errors", func(t *testing.T) {
		api, claims := newPretendAPI(), &probeClaims{Claimer: openwork.NewMemoryCache(), dead: errNetwork}
		requireToken(t, suiteToken.source(t, tokenSetup{API: api, Claims: claims, Tickets: freshTickets(t)}))
		assert.Equal(t, 1, api.called("get_suite_token"))
	})
	runInBubble(t, "frozen", func(t *testing.T) {
		api, began := newPretendAPI(), time.Now()
		requireToken(t, suiteToken.source(t, tokenSetup{API: api, Claims: frozenClaims{}, Tickets: freshTickets(t)}))
		assert.Equal(t, 1, api.called("get_suite_token"))
		assert.Less(t, time.Since(began), 10*time.Second)
	})
}

func TestTokens_FrozenCache(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name+", cold", func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			cache.freeze(true)
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			began := time.Now()
			token := requireToken(t, source)
			assert.Less(t, time.Since(began), 10*time.Second, "the cache is not waited for")
			began = time.Now()
			assert.Equal(t, token, requireToken(t, source))
			assert.Zero(t, time.Since(began), "process memory serves")
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
		runInBubble(t, kind.name+", a caller with a deadline", func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			cache.freeze(true)
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			if _, err := source.Token(ctx); err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			assert.LessOrEqual(t, time.Since(began), 50*time.Millisecond)
			time.Sleep(30 * time.Second)
			began = time.Now()
			requireToken(t, source)
			assert.Zero(t, time.Since(began), "what was begun for the caller goes on for the next")
		})
		runInBubble(t, kind.name+", warm", func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			token := requireToken(t, source)
			cache.freeze(true)
			began := time.Now()
			for range 100 {
				assert.Equal(t, token, requireToken(t, source))
			}
			assert.Zero(t, time.Since(began))
			time.Sleep(7200*time.Second - 5*time.Minute)
			began = time.Now()
			assert.Equal(t, token, requireToken(t, source), "served while it is refreshed in the background")
			assert.Zero(t, time.Since(began))
			time.Sleep(time.Minute)
			assert.NotEqual(t, token, requireToken(t, source))
		})
		runInBubble(t, kind.name+", invalidate", func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			token := requireToken(t, source)
			cache.freeze(true)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			began := time.Now()
			require.Error(t, source.Invalidate(ctx, token), "the cache may still have it")
			assert.LessOrEqual(t, time.Since(began), time.Second)
			cache.freeze(false)
			assert.NotEqual(t, token, requireToken(t, source), "the refused token came back from the cache")
		})
		runInBubble(t, kind.name+", invalidate without a deadline", func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			client := tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)}.clientFor(t, kind)
			require.NoError(t, kind.use(context.Background(), client))
			api.revoke(requireToken(t, kind.caller(client)))
			cache.freeze(true)
			began := time.Now()
			require.NoError(t, kind.use(context.Background(), client))
			assert.Less(t, time.Since(began), 10*time.Second)
		})
	}
}

// Where tickets and tokens are kept in one cache, and that is frozen, the ticket in memory is good enough.
func TestTokens_FrozenCacheOfTicketsToo(t *testing.T) {
	t.Parallel()
	for name, ticketsIn := range map[string]func(t *testing.T, cache openwork.Cache) openwork.TicketStore{
		"Server.Tickets": func(t *testing.T, cache openwork.Cache) openwork.TicketStore {
			f := newFixture(t, func(c *openwork.Config) { c.Cache = cache })
			f.clock.Advance(time.Since(testNow))
			now := f.clock.Now()
			f.requireSuccess(newPush(ticketXML(testSuiteID, testTicket, now), pushedAt(now)).request())
			return f.Tickets()
		},
		"TicketsIn": func(t *testing.T, cache openwork.Cache) openwork.TicketStore {
			ticket := openwork.SuiteTicket{Value: testTicket, Time: time.Now()}
			require.NoError(t, openwork.TicketsIn(cache).PutTicket(context.Background(), testSuiteID, ticket))
			tickets := openwork.TicketsIn(cache) // in another process, which reads it once
			_, err := tickets.Ticket(context.Background(), testSuiteID)
			require.NoError(t, err)
			return tickets
		},
	} {
		for what, get := range map[string]func(ctx context.Context, c *openwork.Client) (string, error){
			"suite": func(ctx context.Context, c *openwork.Client) (string, error) { return c.Suite().Token(ctx) },
			"corp":  func(ctx context.Context, c *openwork.Client) (string, error) { return c.Corp(testCorp).Token(ctx) },
			"PermanentCode": func(ctx context.Context, c *openwork.Client) (string, error) {
				authorization, err := c.PermanentCode(ctx, testAuthCode)
				if err != nil {
					return "", err
				}
				return authorization.PermanentCode, nil
			},
		} {
			runInBubble(t, name+", "+what, func(t *testing.T) {
				api, cache := newPretendAPI(), newWatchedStore()
				api.handle("v2/get_permanent_code", func(apiCall) apiAnswer {
					return apiAnswer{Body: `{"errcode":0,"permanent_code":"` + testPermanentCode + `"}`}
				})
				client := tokenSetup{API: api, Cache: cache, Tickets: ticketsIn(t, cache)}.client(t)
				cache.freeze()
				began := time.Now()
				value, err := get(context.Background(), client)
				require.NoError(t, err)
				assert.Contains(t, value, secretMark)
				assert.Less(t, time.Since(began), 10*time.Second)
				began = time.Now()
				again, err := get(context.Background(), client)
				require.NoError(t, err)
				assert.Equal(t, value, again)
				assert.Zero(t, time.Since(began), "process memory serves")
				assert.Equal(t, 1, api.called("get_suite_token"))
			})
		}
	}
	runInBubble(t, "no ticket in memory", func(t *testing.T) {
		api, cache := newPretendAPI(), newWatchedStore()
		client := tokenSetup{API: api, Cache: cache, Tickets: openwork.TicketsIn(cache)}.client(t)
		cache.freeze()
		began := time.Now()
		_, err := client.Suite().Token(context.Background())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, openwork.ErrNoSuiteTicket, "not knowing is not knowing that there is none")
		assert.Less(t, time.Since(began), 15*time.Second, "it is waited for as long as a fetch may take")
		assert.Zero(t, api.called(""))
	})
	runInBubble(t, "no ticket in memory, and the store is slow", func(t *testing.T) {
		api, cache := newPretendAPI(), newProbeCache()
		tickets := slowTickets{freshTickets(t), 2 * time.Second}
		_, err := tokenSetup{API: api, Cache: cache, Tickets: tickets}.client(t).Suite().Token(context.Background())
		require.NoError(t, err)
	})
}

// A cache that answers but cannot delete costs the one who drops a token half a second, whatever their deadline.
func TestTokens_InvalidateWhereDeleteHangs(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), &frozenDelete{newProbeCache()}
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			token := requireToken(t, source)
			synctest.Wait() // it is written beside
			began := time.Now()
			require.ErrorIs(t, source.Invalidate(context.Background(), token), context.DeadlineExceeded)
			assert.LessOrEqual(t, time.Since(began), 600*time.Millisecond)
			assert.NotEqual(t, token, requireToken(t, source), "this process has dropped it in any case")
		})
	}
}

// A cache that could not be told that a token is refused does not bring it back.
func TestTokens_RefusedTokenDoesNotComeBack(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			token := requireToken(t, source)
			cache.fail(errNetwork)
			_ = source.Invalidate(context.Background(), token)
			cache.fail(nil)
			assert.NotEqual(t, token, requireToken(t, source))
		})
	}
}

// Nor does it after the one that came next, which the cache never saw, is refused as well.
func TestTokens_RefusedTokenDoesNotComeBackAfterTheNext(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})
			first := requireToken(t, source)
			time.Sleep(5 * time.Minute)
			cache.fail(errNetwork)
			require.Error(t, source.Invalidate(context.Background(), first))
			second := requireToken(t, source)
			require.NotEqual(t, first, second)
			time.Sleep(5 * time.Minute)
			cache.fail(nil)
			require.NoError(t, source.Invalidate(context.Background(), second))
			third := requireToken(t, source)
			assert.NotContains(t, []string{first, second}, third)
			assert.Equal(t, 3, api.called(kind.endpoint))
			synctest.Wait() // it is written beside
			assert.Equal(t, third, requireToken(t, kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: freshTickets(t)})),
				"the cache has the newest")
		})
	}
}

// slowTickets take their time.
type slowTickets struct {
	openwork.TicketStore
	takes time.Duration
}

func (s slowTickets) Ticket(ctx context.Context, suiteID string) (openwork.SuiteTicket, error) {
	time.Sleep(s.takes)
	return s.TicketStore.Ticket(ctx, suiteID)
}

// A replica whose clock is ahead shares its tokens all the same, also with one that has dropped a token before.
func TestTokens_ReplicaWhoseClockIsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, fetches := openwork.NewMemoryCache(), 0
		source, err := openwork.NewCachedToken(openwork.CachedTokenConfig{Key: "shared", Cache: cache,
			Fetch: func(context.Context) (string, time.Duration, error) {
				fetches++
				return fmt.Sprint("own ", fetches), 2 * time.Hour, nil
			}})
		require.NoError(t, err)
		time.Sleep(time.Second)
		for i := range 3 {
			require.NoError(t, source.Invalidate(context.Background(), requireToken(t, source)))
			theirs := fmt.Sprint("theirs ", i)
			ahead := time.Now().Add(5 * time.Second)
			require.NoError(t, cache.Set(context.Background(), "openwork:shared",
				fmt.Sprintf("%d %d  %s", ahead.UnixMilli(), ahead.Add(2*time.Hour).UnixMilli(), theirs), 2*time.Hour))
			require.Equal(t, theirs, requireToken(t, source))
			time.Sleep(time.Minute)
		}
		require.Equal(t, 1, fetches)
	})
}

// A token that WeCom refuses and then gives out again is not fetched at every call.
func TestTokens_RefusedTokenIsGivenOutAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, code := range kind.codes {
			runInBubble(t, fmt.Sprint(kind.name, " ", code), func(t *testing.T) {
				api := newPretendAPI()
				api.sticky = true
				client := tokenSetup{API: api, Cache: openwork.NewMemoryCache(), Tickets: keptTickets(t)}.clientFor(t, kind)
				token := requireToken(t, kind.caller(client))
				api.always(usedEndpoint(kind), apiAnswer{Code: code})
				for range 100 {
					requireFailure(t, code, kind.use(context.Background(), client))
					time.Sleep(500 * time.Millisecond)
				}
				assert.LessOrEqual(t, api.called(kind.endpoint), 7, "fetches within a minute")
				assert.LessOrEqual(t, api.called(usedEndpoint(kind)), 200, "each call is repeated once at most")
				for range 10 {
					time.Sleep(time.Minute)
					requireFailure(t, code, kind.use(context.Background(), client))
				}
				assert.Greater(t, api.called(kind.endpoint), 3, "it is asked for again now and then")
				assert.LessOrEqual(t, api.called(kind.endpoint), 17)

				api.always(usedEndpoint(kind), apiAnswer{})
				api.revoke(token)
				time.Sleep(time.Minute)
				require.NoError(t, kind.use(context.Background(), client), "it heals once another is given out")
			})
		}
	}
}

func TestK18_LeaderLeaves(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Delay: time.Second})
			source := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
			ctx, cancel := context.WithCancel(context.Background())
			var all sync.WaitGroup
			all.Go(func() {
				began := time.Now()
				_, err := source.Token(ctx)
				assert.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, 100*time.Millisecond, time.Since(began), "the leader itself leaves at once")
			})
			time.Sleep(50 * time.Millisecond)
			for i := range 20 {
				all.Go(func() {
					if i%2 == 0 {
						assert.NotEmpty(t, requireTokenIn(t, source))
						return
					}
					own, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
					defer cancel()
					began := time.Now()
					_, err := source.Token(own)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, 200*time.Millisecond, time.Since(began), "a follower may leave too")
				})
			}
			time.Sleep(50 * time.Millisecond)
			cancel()
			all.Wait()
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
		runInBubble(t, kind.name+", and nobody follows", func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Delay: time.Second})
			source := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			_, err := source.Token(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			time.Sleep(time.Second)
			began := time.Now()
			requireToken(t, source)
			assert.Zero(t, time.Since(began), "what was begun for the caller goes on for the next")
			assert.Equal(t, 1, api.called(kind.endpoint))
		})
		runInBubble(t, kind.name+", before it began", func(t *testing.T) {
			api := newPretendAPI()
			source := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if token, err := source.Token(ctx); err != nil {
				require.ErrorIs(t, err, context.Canceled)
				assert.Empty(t, token)
			}
			requireToken(t, source)
			assert.LessOrEqual(t, api.called(kind.endpoint), 1)
		})
	}
}

// However a context was ended, the error is the one that everybody asks for.
func TestTokens_ContextWithACause(t *testing.T) {
	t.Parallel()
	cause := errors.New("the browser has gone")
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			api.always(kind.endpoint, apiAnswer{Delay: time.Second})
			source := kind.source(t, tokenSetup{API: api, Tickets: freshTickets(t)})
			ctx, cancel := context.WithCancelCause(context.Background())
			time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
			_, err := source.Token(ctx)
			require.ErrorIs(t, err, context.Canceled)

			ctx, stop := context.WithTimeoutCause(context.Background(), 100*time.Millisecond, cause)
			defer stop()
			_, err = source.Token(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			requireToken(t, source)
		})
	}
}

// Two replicas without claims fetch at the same time. The answer to the earlier request comes last; the newer is kept.
func TestK19_SlowOldAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache, tickets := newPretendAPI(), newProbeCache(), freshTickets(t)
			setup := tokenSetup{API: api, Cache: cache, Tickets: tickets}
			if kind.name == corpToken.name {
				requireToken(t, suiteToken.source(t, setup))
			}
			slow, quick := kind.source(t, setup), kind.source(t, setup)
			api.script(kind.endpoint, apiAnswer{Delay: 8 * time.Second, Token: secretMark + "-old"})
			api.script(kind.endpoint, apiAnswer{Token: secretMark + "-new"})
			done := make(chan struct{})
			go func() { defer close(done); requireTokenIn(t, slow) }()
			time.Sleep(2 * time.Second)
			require.Equal(t, secretMark+"-new", requireToken(t, quick))
			<-done
			synctest.Wait()
			assert.Equal(t, secretMark+"-new", requireToken(t, quick))
			assert.Equal(t, secretMark+"-new", requireToken(t, kind.source(t, setup)), "the cache has the newer one")
			assert.Equal(t, 2, api.called(kind.endpoint))
		})
	}
}

// A token that is refused while its successor is being fetched does not come back with a slow answer.
func TestK19_InvalidatedDuringARefresh(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api := newPretendAPI()
			client := tokenSetup{API: api, Tickets: keptTickets(t)}.clientFor(t, kind)
			old := requireToken(t, kind.caller(client))
			time.Sleep(7200*time.Second - 5*time.Minute)
			api.script(kind.endpoint, apiAnswer{Delay: 5 * time.Second, Token: old}) // sticky, as WeCom is
			require.Equal(t, old, requireToken(t, kind.caller(client)))
			time.Sleep(time.Second)
			api.revoke(old)
			require.NoError(t, kind.use(context.Background(), client))
			time.Sleep(time.Minute)
			require.NoError(t, kind.use(context.Background(), client))
			assert.NotEqual(t, old, requireToken(t, kind.caller(client)))
			assert.LessOrEqual(t, api.called(kind.endpoint), 4)
		})
	}
}

// Replicas whose clocks differ share a cache: what one wrote is read by one that lives an hour earlier or later. A bubble
// always begins at the same moment, so two of them make two clocks.
func TestK20_ClockJumps(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, c := range []struct {
			name           string
			written, after time.Duration // on the clock of the one who writes, and of the one who reads
			left           time.Duration // what really is left of the token's life at the moment of reading
		}{
			{"an hour back, the token is alive", time.Hour, 0, 2 * time.Hour},
			{"an hour back, the token is about to expire", time.Hour, 30 * time.Minute, 30 * time.Minute},
			{"an hour back, the token has expired", time.Hour, 45 * time.Minute, 0},
			{"an hour ahead, the token is alive", 0, time.Hour, 2 * time.Hour},
			{"an hour ahead, the token has expired", 0, 110 * time.Minute, 0},
			{"a day back", 24 * time.Hour, 0, 0},
			{"a day ahead", 0, 24 * time.Hour, 2 * time.Hour},
		} {
			t.Run(kind.name+", "+c.name, func(t *testing.T) {
				t.Parallel()
				cache := newProbeCache()
				var token string
				inBubble(t, func(t *testing.T) {
					time.Sleep(c.written)
					token = requireToken(t, kind.source(t, tokenSetup{API: newPretendAPI(), Cache: cache, Tickets: freshTickets(t)}))
				})
				require.NotEmpty(t, token)
				inBubble(t, func(t *testing.T) {
					time.Sleep(c.after)
					api := newPretendAPI()
					api.serial = 1000
					api.issued[token] = issuedToken{kind: kind.kind, owner: testCorp, ends: time.Now().Add(c.left)}
					client := tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)}.clientFor(t, kind)
					for range 4 * 60 {
						before := api.called(usedEndpoint(kind))
						require.NoError(t, kind.use(context.Background(), client))
						require.LessOrEqual(t, api.called(usedEndpoint(kind))-before, 2, "one refusal at most")
						time.Sleep(time.Minute)
					}
					assert.LessOrEqual(t, api.called(usedEndpoint(kind)), 4*60+1, "one refusal in all")
					assert.LessOrEqual(t, api.called(kind.endpoint), 4)
				})
			})
		}
	}
}

// What a replica with a clock a day ahead wrote looks new for a day, and is not kept that long.
func TestK20_TokenOfAClockAheadIsReplaced(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			cache := newProbeCache()
			var token string
			inBubble(t, func(t *testing.T) {
				time.Sleep(24 * time.Hour)
				token = requireToken(t, kind.source(t, tokenSetup{API: newPretendAPI(), Cache: cache, Tickets: freshTickets(t)}))
			})
			require.NotEmpty(t, token)
			inBubble(t, func(t *testing.T) {
				api := newPretendAPI()
				api.serial = 1000
				source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
				for range 130 {
					requireToken(t, source)
					time.Sleep(time.Minute)
				}
				assert.NotEqual(t, token, requireToken(t, source))
				assert.Less(t, api.called(kind.endpoint), 5)
			})
		})
	}
}

// The token was written by a replica whose clock is ahead, it is refused, and the cache cannot be told so: its later date
// does not make it the newer one.
func TestK20_RefusedTokenOfAClockAhead(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			cache := &noDelete{newProbeCache()}
			var token string
			inBubble(t, func(t *testing.T) {
				time.Sleep(time.Hour)
				token = requireToken(t, kind.source(t, tokenSetup{API: newPretendAPI(), Cache: cache, Tickets: freshTickets(t)}))
			})
			require.NotEmpty(t, token)
			inBubble(t, func(t *testing.T) {
				api := newPretendAPI()
				api.serial = 1000
				client := tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)}.clientFor(t, kind)
				require.NoError(t, kind.use(context.Background(), client))
				for range 10 {
					require.NoError(t, kind.use(context.Background(), client))
					time.Sleep(time.Minute)
				}
				assert.NotEqual(t, token, requireToken(t, kind.caller(client)))
			})
		})
	}
}

func TestElsewhere_RefreshBeforeExpiry(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, c := range []struct {
			life         time.Duration
			quiet, begun time.Duration // no refresh until, refresh certainly from
		}{
			{7200 * time.Second, 5400 * time.Second, 6480*time.Second + 10*time.Millisecond},
			{3600 * time.Second, 2700 * time.Second, 3240*time.Second + 10*time.Millisecond},
			{600 * time.Second, 10 * time.Millisecond, 300*time.Second + 10*time.Millisecond},
		} {
			runInBubble(t, fmt.Sprint(kind.name, " ", c.life), func(t *testing.T) {
				api := newPretendAPI()
				tickets := keptTickets(t)
				if kind.name == corpToken.name { // what it hangs on lives longer
					api.script("get_suite_token", apiAnswer{})
				}
				source := kind.source(t, tokenSetup{API: api, Tickets: tickets})
				api.setLife(c.life)
				token := requireToken(t, source)
				calls := api.called(kind.endpoint)
				require.Equal(t, 1, calls)
				time.Sleep(c.quiet)
				require.Equal(t, token, requireToken(t, source))
				synctest.Wait()
				require.Equal(t, 1, api.called(kind.endpoint), "refreshed too early")
				time.Sleep(c.begun - c.quiet)
				api.always(kind.endpoint, apiAnswer{Delay: 2 * time.Second})
				began := time.Now()
				together(50, func(int) { assert.Equal(t, token, requireTokenIn(t, source)) })
				assert.Zero(t, time.Since(began), "the token at hand is served meanwhile")
				time.Sleep(10 * time.Second)
				assert.NotEqual(t, token, requireToken(t, source))
				assert.Equal(t, 2, api.called(kind.endpoint), "one refresh")
			})
		}
	}
}

// Ten milliseconds before and after the moment from which callers wait: 30 seconds before the end.
func TestElsewhere_HardExpiry(t *testing.T) {
	t.Parallel()
	const hard = 7170 * time.Second
	for _, kind := range []tokenKind{providerToken, suiteToken, customizedToken} {
		for _, shared := range []bool{false, true} {
			for _, c := range []struct {
				at     time.Duration
				served bool
			}{
				{hard - time.Second - 10*time.Millisecond, true},
				{hard - 10*time.Millisecond, true},
				{hard + 10*time.Millisecond, false},
				{7200*time.Second - 10*time.Millisecond, false},
				{7200*time.Second + 10*time.Millisecond, false},
			} {
				if shared && c.at == hard-10*time.Millisecond {
					continue // in the cache the end may be kept in whole seconds
				}
				runInBubble(t, fmt.Sprint(kind.name, " after ", c.at, ", from the cache: ", shared), func(t *testing.T) {
					api, cache, tickets := newPretendAPI(), newProbeCache(), keptTickets(t)
					source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
					token := requireToken(t, source)
					api.always(kind.endpoint, apiAnswer{Delay: 3 * time.Second})
					time.Sleep(c.at)
					if shared {
						source = kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: tickets})
					}
					began := time.Now()
					got := requireToken(t, source)
					if c.served {
						assert.Equal(t, token, got)
						assert.Zero(t, time.Since(began))
						time.Sleep(5 * time.Second)
						assert.NotEqual(t, token, requireToken(t, source), "the refresh went on in the background")
					} else {
						assert.NotEqual(t, token, got)
						assert.Equal(t, 3*time.Second, time.Since(began))
					}
					assert.Equal(t, 2, api.called(kind.endpoint))
				})
			}
		}
	}
}

// A log handler may itself need the token, and may take its time: nobody with a good token waits for it.
func TestTokens_LogHandlerAsksForTheToken(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{1, 20} {
		runInBubble(t, fmt.Sprint(callers, " callers"), func(t *testing.T) {
			var source openwork.TokenSource
			var lines, served, meanwhile atomic.Int64
			handler := logFunc(func() {
				lines.Add(1)
				for range callers {
					go func() {
						if token, err := source.Token(context.Background()); err == nil && token == "the first" {
							served.Add(1)
						}
					}()
				}
				// No clock here: time does not go on while somebody waits for a lock.
				for i := 0; i < 200_000 && served.Load() < int64(callers); i++ {
					runtime.Gosched()
				}
				meanwhile.Store(served.Load())
			})
			answer := error(nil)
			source, err := openwork.NewCachedToken(openwork.CachedTokenConfig{
				Key: "mine", Logger: slog.New(handler),
				Fetch: func(context.Context) (string, time.Duration, error) { return "the first", 2 * time.Hour, answer },
			})
			require.NoError(t, err)
			requireToken(t, source)
			answer = errNetwork
			time.Sleep(2*time.Hour - 4*time.Minute)
			assert.Equal(t, "the first", requireToken(t, source))
			synctest.Wait()
			assert.Equal(t, int64(1), lines.Load())
			assert.Equal(t, int64(callers), meanwhile.Load(), "served while the handler worked")
		})
	}
}

func TestElsewhere_RefreshFailsOldTokenServes(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for name, trouble := range map[string]apiAnswer{
			"500": {Status: 500}, "40013": {Code: 40013}, "hang": {Delay: 15 * time.Second}, "HTML": {Body: "<html>"},
			"no token": {Body: `{"errcode":0}`},
		} {
			runInBubble(t, kind.name+" "+name, func(t *testing.T) {
				api, log := newPretendAPI(), &logBuffer{}
				source := kind.source(t, tokenSetup{API: api, Tickets: keptTickets(t), Log: log})
				token := requireToken(t, source)
				api.always(kind.endpoint, trouble)
				time.Sleep(7200*time.Second - 12*time.Minute)
				ended := time.Now().Add(12*time.Minute - 31*time.Second)
				for time.Now().Before(ended) {
					began := time.Now()
					require.Equal(t, token, requireToken(t, source))
					require.Zero(t, time.Since(began), "nobody waits for a refresh that fails")
					time.Sleep(time.Second)
				}
				attempts := api.called(kind.endpoint) - 1
				assert.Positive(t, attempts)
				assert.LessOrEqual(t, attempts, 3*12, "at most one round of three per minute")
				assert.NotEmpty(t, log.String(), "the operator is told")
				assert.NotContains(t, log.String(), secretMark)

				time.Sleep(time.Minute)
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				defer cancel()
				got, err := source.Token(ctx)
				require.Error(t, err, "a token that has ended is not served")
				assert.Empty(t, got)
				api.always(kind.endpoint, apiAnswer{})
				time.Sleep(2 * time.Minute)
				assert.NotEqual(t, token, requireToken(t, source))
			})
		}
	}
}

// Replicas that got their tokens together do not refresh together.
func TestTokens_RefreshIsSpread(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		moments := map[time.Duration]bool{}
		began := time.Now()
		apis, sources := make([]*pretendAPI, 20), make([]openwork.TokenSource, 20)
		for i := range sources {
			apis[i] = newPretendAPI()
			sources[i] = providerToken.source(t, tokenSetup{API: apis[i]})
			requireToken(t, sources[i])
		}
		for time.Since(began) < 7100*time.Second {
			time.Sleep(time.Second)
			for _, source := range sources {
				requireToken(t, source)
			}
		}
		for _, api := range apis {
			calls := api.callsOf("")
			require.Len(t, calls, 2)
			moments[calls[1].At.Sub(began)] = true
		}
		assert.Greater(t, len(moments), 5, "no jitter: %v", moments)
	})
}

// A corp's token lives on its own: a suite's new token, or new ticket, is no reason to fetch it again.
func TestElsewhere_NewTicketKeepsLiveToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		api, cache := newPretendAPI(), openwork.NewMemoryCache()
		f := newFixture(t, func(c *openwork.Config) { c.Cache = cache })
		f.clock.Advance(time.Since(testNow))
		pushNow := func(ticket string) {
			now := time.Now()
			f.clock.Advance(now.Sub(f.clock.Now()))
			f.requireSuccess(newPush(ticketXML(testSuiteID, ticket, now), pushedAt(now)).request())
			synctest.Wait()
		}
		pushNow(testTicket)
		require.Zero(t, api.called(""), "receiving a ticket does not fetch")

		client := tokenSetup{API: api, Cache: cache, Tickets: f.Tickets()}.client(t)
		suite, corp := requireToken(t, client.Suite()), requireToken(t, client.Corp(testCorp))
		require.Equal(t, 2, api.called(""))
		for i := range 9 {
			time.Sleep(10 * time.Minute)
			pushNow(fmt.Sprintf("%s-ticket-%d", secretMark, i+2))
			require.Equal(t, suite, requireToken(t, client.Suite()))
			require.Equal(t, corp, requireToken(t, client.Corp(testCorp)))
			require.Equal(t, 2, api.called(""), "a new ticket is no reason for a call")
		}
		time.Sleep(20 * time.Minute)
		pushNow(secretMark + "-ticket-11")
		time.Sleep(12 * time.Minute)
		require.NotEqual(t, suite, requireToken(t, client.Suite()))
		calls := api.callsOf("get_suite_token")
		assert.Equal(t, secretMark+"-ticket-11", calls[len(calls)-1].JSON["suite_ticket"], "the newest ticket is used")
	})
}

// Tokens with an absurdly short life are used while they live and not asked for in a loop.
func TestTokens_ShortLives(t *testing.T) {
	t.Parallel()
	for _, kind := range []tokenKind{suiteToken} {
		for _, life := range []time.Duration{60 * time.Second, 90 * time.Second, 5 * time.Minute, 10 * time.Minute} {
			runInBubble(t, fmt.Sprint(kind.name, " ", life), func(t *testing.T) {
				api := newPretendAPI()
				api.setLife(life)
				client := tokenSetup{API: api, Tickets: keptTickets(t)}.clientFor(t, kind)
				for range 3600 {
					require.NoError(t, kind.use(context.Background(), client))
					time.Sleep(time.Second)
				}
				assert.Equal(t, 3600, api.called(usedEndpoint(kind)), "no call was refused")
				assert.LessOrEqual(t, api.called(kind.endpoint), 3600/30+1)
			})
		}
	}
}

// A day in the life of three replicas, with an API and a cache that fail at random: a token that is served is good, an
// error has a reason, and the API issues no more tokens than there was reason for.
func TestTokens_DayInTheLife(t *testing.T) {
	t.Parallel()
	for _, kind := range []tokenKind{suiteToken, customizedToken} {
		for seed := range uint64(2) {
			runInBubble(t, fmt.Sprint(kind.name, " ", seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 17))
				api, cache, tickets := newPretendAPI(), newProbeCache(), keptTickets(t)
				claims := openwork.NewMemoryCache()
				var sources []openwork.TokenSource
				for range 3 {
					sources = append(sources, kind.source(t, tokenSetup{API: api, Cache: cache, Claims: claims, Tickets: tickets}))
				}
				troubles := []apiAnswer{
					{}, {}, {}, {Status: 500}, {Code: -1}, {Delay: 4 * time.Second}, {Reset: true}, {Code: 45009}, {Body: "<"},
				}
				failing, healthySince, reasons := false, time.Now(), 24
				for began := time.Now(); time.Since(began) < 24*time.Hour; {
					switch random.IntN(60) {
					case 0:
						trouble := troubles[random.IntN(len(troubles))]
						api.always(kind.endpoint, trouble)
						failing = trouble.Status != 0 || trouble.Code != 0 || trouble.Reset || trouble.Body != ""
						if !failing {
							healthySince = time.Now()
						}
					case 1:
						cache.fail(errNetwork)
					case 2, 3:
						cache.fail(nil)
					}
					source := sources[random.IntN(3)]
					token, err := source.Token(context.Background())
					if err == nil && api.check(token, kind.kind) != nil {
						// It was ended, and the cache could not be told so: one refusal, then another token or an error.
						require.True(t, api.wasRevoked(token), "a token after its end")
						_ = source.Invalidate(context.Background(), token)
						if token, err = source.Token(context.Background()); err == nil {
							require.NoError(t, api.check(token, kind.kind))
						}
					}
					if err != nil {
						require.Empty(t, token)
						require.True(t, failing || time.Since(healthySince) < 3*time.Minute, "%v, though the API is well", err)
					}
					if token != "" && random.IntN(200) == 0 {
						reasons++
						api.revoke(token)
						for _, source := range sources {
							_ = source.Invalidate(context.Background(), token)
						}
					}
					time.Sleep(time.Duration(random.IntN(30_000)) * time.Millisecond)
				}
				assert.Less(t, len(api.issued), 3*reasons)
			})
		}
	}
}

// What only the tests in fake time need.

// inBubble runs a test in fake time, and lets what works in the background come to its end.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(10 * time.Hour)
		f(t)
	})
}

// runInBubble is t.Run in fake time, in parallel.
func runInBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		inBubble(t, f)
	})
}

// together runs f n times at once and waits for all.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// requireTokenIn is requireToken for goroutines other than the test's.
func requireTokenIn(t *testing.T, source openwork.TokenSource) string {
	token, err := source.Token(context.Background())
	assert.NoError(t, err)
	assert.NotEmpty(t, token)
	return token
}

func requireFailure(t *testing.T, code int, err error) {
	t.Helper()
	assertFailure(t, code, err)
	if t.Failed() {
		t.FailNow()
	}
}

func assertFailure(t *testing.T, code int, err error) {
	var failure *openwork.APIError
	if assert.ErrorAs(t, err, &failure) {
		assert.Equal(t, code, failure.Code)
		assert.NotContains(t, err.Error(), secretMark)
	}
}

// keptTickets is a store whose ticket is always from now: WeCom keeps pushing.
func keptTickets(*testing.T) openwork.TicketStore { return pushedTickets{} }

type pushedTickets struct{}

func (pushedTickets) PutTicket(context.Context, string, openwork.SuiteTicket) error { return nil }
func (pushedTickets) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{Value: testTicket, Time: time.Now()}, nil
}

// noDelete is a cache that cannot delete.
type noDelete struct{ *probeCache }

func (noDelete) Delete(context.Context, string) error { return errNetwork }

// frozenDelete is a cache that answers, but hangs where it should delete.
type frozenDelete struct{ *probeCache }

func (frozenDelete) Delete(ctx context.Context, _ string) error { return freeze(ctx) }

// logFunc is a slog.Handler that is called for each line.
type logFunc func()

func (logFunc) Enabled(context.Context, slog.Level) bool    { return true }
func (f logFunc) Handle(context.Context, slog.Record) error { f(); return nil }
func (f logFunc) WithAttrs([]slog.Attr) slog.Handler        { return f }
func (f logFunc) WithGroup(string) slog.Handler             { return f }

// lateClaims takes a while to claim.
type lateClaims struct{ openwork.Claimer }

func (c lateClaims) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	time.Sleep(300 * time.Millisecond)
	return c.Claimer.Claim(ctx, key, owner, lease)
}

// frozenClaims never answers while its caller waits.
type frozenClaims struct{}

func (frozenClaims) Claim(ctx context.Context, _, _ string, _ time.Duration) (int, string, error) {
	return openwork.ClaimBusy, "", freeze(ctx)
}
func (frozenClaims) Done(ctx context.Context, _, _, _ string, _ time.Duration) error {
	return freeze(ctx)
}
func (frozenClaims) Release(ctx context.Context, _, _ string) error { return freeze(ctx) }

func freeze(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Minute):
		return errors.New("frozen, and nobody gave up")
	}
}
