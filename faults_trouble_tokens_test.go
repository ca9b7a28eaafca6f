package openwork_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ordinary trouble of those who need tokens, in fake time.

// troubledStore is a Cache and a Claimer of which single calls go wrong.
type troubledStore struct {
	*openwork.MemoryCache
	mu   sync.Mutex
	next map[string]func() // what the next call of a method does first
}

func newTroubledStore() *troubledStore {
	return &troubledStore{MemoryCache: openwork.NewMemoryCache(), next: map[string]func(){}}
}

// goesWrong has the next call of a method begin with trouble.
func (s *troubledStore) goesWrong(method string, trouble func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[method] = trouble
}

func (s *troubledStore) enter(method string) {
	s.mu.Lock()
	trouble := s.next[method]
	delete(s.next, method)
	s.mu.Unlock()
	if trouble != nil {
		trouble()
	}
}

func (s *troubledStore) Get(ctx context.Context, key string) (string, bool, error) {
	s.enter("Get")
	return s.MemoryCache.Get(ctx, key)
}

func (s *troubledStore) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	s.enter("Set")
	return s.MemoryCache.Set(ctx, key, value, ttl)
}

func (s *troubledStore) Delete(ctx context.Context, key string) error {
	s.enter("Delete")
	return s.MemoryCache.Delete(ctx, key)
}

func (s *troubledStore) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	s.enter("Claim")
	return s.MemoryCache.Claim(ctx, key, owner, lease)
}

func (s *troubledStore) Done(ctx context.Context, key, owner, result string, keep time.Duration) error {
	s.enter("Done")
	return s.MemoryCache.Done(ctx, key, owner, result, keep)
}

func (s *troubledStore) Release(ctx context.Context, key, owner string) error {
	s.enter("Release")
	return s.MemoryCache.Release(ctx, key, owner)
}

// One call that never returns, or does not return well, ends one attempt at
// most. A flight lands at its timeout.
func TestD7_OneCallOfAStoreGoesWrong(t *testing.T) {
	t.Parallel()
	for what, trouble := range map[string]func(never chan struct{}){
		"never returns": func(never chan struct{}) { <-never },
		"panics":        func(chan struct{}) { panic(secretMark) },
		"ends":          func(chan struct{}) { runtime.Goexit() },
	} {
		for _, method := range []string{"Get", "Set", "Delete", "Claim", "Release", "Done", "PermanentCodes", "HTTP"} {
			for _, kind := range tokenKinds {
				runInBubble(t, kind.name+", "+method+" "+what, func(t *testing.T) {
					never := make(chan struct{})
					defer close(never)
					api, store, log := newPretendAPI(), newTroubledStore(), &logBuffer{}
					setup := tokenSetup{API: api, Cache: store, Tickets: keptTickets(t), Log: log,
						HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
							if strings.HasSuffix(r.URL.Path, kind.endpoint) {
								store.enter("HTTP")
							}
							return inProcess{api}.RoundTrip(r)
						})},
						Codes: func(context.Context, string) (string, error) {
							store.enter("PermanentCodes")
							return testPermanentCode, nil
						}}
					client := setup.clientFor(t, kind)
					if method == "Done" { // it is told of a failure
						api.script(kind.endpoint, apiAnswer{Code: 45009})
					}
					store.goesWrong(method, func() { trouble(never) })
					began := time.Now()
					_, err := kind.caller(client).Token(context.Background())
					assert.LessOrEqual(t, time.Since(began), 11*time.Second)
					if err != nil {
						assert.NotContains(t, err.Error(), secretMark)
					}
					time.Sleep(2 * time.Minute)
					token := requireToken(t, kind.caller(client))
					require.NoError(t, api.check(token, kind.kind))

					// So it is when a token has been refused.
					store.goesWrong(method, func() { trouble(never) })
					api.revoke(token)
					began = time.Now()
					_ = kind.use(context.Background(), client)
					assert.LessOrEqual(t, time.Since(began), 12*time.Second)
					time.Sleep(2 * time.Minute)
					require.NoError(t, kind.use(context.Background(), client))
					assert.NotContains(t, log.String(), secretMark)
				})
			}
		}
	}
}

// Calls that never return, all of them: callers leave, each attempt ends, and a
// bounded number is left behind.
func TestD7_FetchThatNeverReturns(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		mends := time.Now().Add(6 * time.Hour)
		var fetches atomic.Int64
		source, err := openwork.NewCachedToken(openwork.CachedTokenConfig{
			Key: "mine", Logger: slog.New(slog.DiscardHandler),
			Fetch: func(context.Context) (string, time.Duration, error) {
				fetches.Add(1)
				if time.Now().Before(mends) {
					<-never
				}
				return "good", time.Hour, nil
			}})
		require.NoError(t, err)
		for time.Now().Before(mends) {
			began := time.Now()
			_, err := source.Token(context.Background())
			require.Error(t, err)
			require.LessOrEqual(t, time.Since(began), 11*time.Second)
			time.Sleep(5 * time.Second)
		}
		assert.Greater(t, fetches.Load(), int64(1), "a flight lands, and the next begins")
		assert.LessOrEqual(t, fetches.Load(), int64(64+6*60+10))
		time.Sleep(2 * time.Minute)
		require.Equal(t, "good", requireToken(t, source))
	})
}

// A TokenSource of the user's below a corp's token is code of the user's too.
func TestD7_SuiteThatNeverReturns(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		api := newPretendAPI()
		suite := &deafOnce{TokenSource: suiteToken.source(t, tokenSetup{API: api, Tickets: keptTickets(t)}), never: never}
		source, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{CorpID: testCorp,
			PermanentCode: testPermanentCode, Suite: suite, HTTPClient: api.client(), Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		began := time.Now()
		_, err = source.Token(context.Background())
		require.Error(t, err)
		assert.LessOrEqual(t, time.Since(began), 36*time.Second, "the timeout of a flight")
		time.Sleep(3 * time.Second)
		requireToken(t, source)
	})
}

// deafOnce is a TokenSource whose first call never returns.
type deafOnce struct {
	openwork.TokenSource
	never chan struct{}
	calls atomic.Int64
}

func (d *deafOnce) Token(ctx context.Context) (string, error) {
	if d.calls.Add(1) == 1 {
		<-d.never
	}
	return d.TokenSource.Token(ctx)
}

// A fetch fails here while another replica has succeeded: its token is served,
// and no error.
func TestD13_AnotherReplicaSucceeded(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for name, failure := range map[string]apiAnswer{
			"40013": {Code: 40013, Delay: 5 * time.Second}, "500": {Status: 500, Delay: 5 * time.Second},
			"45009": {Code: 45009, Delay: 5 * time.Second}, "late": {Delay: time.Hour},
		} {
			runInBubble(t, kind.name+", "+name, func(t *testing.T) {
				api, cache := newPretendAPI(), openwork.NewMemoryCache()
				other := kind.source(t, tokenSetup{API: api, Cache: cache, Claims: frozenClaims{}, Tickets: keptTickets(t)})
				failing := roundTripper(func(r *http.Request) (*http.Response, error) {
					if !strings.HasSuffix(r.URL.Path, kind.endpoint) {
						return inProcess{api}.RoundTrip(r)
					}
					broken := newPretendAPI()
					broken.always(kind.endpoint, failure)
					return inProcess{broken}.RoundTrip(r)
				})
				source := kind.source(t, tokenSetup{Cache: cache, Claims: openwork.NewMemoryCache(), Tickets: keptTickets(t),
					HTTPClient: &http.Client{Transport: failing}})
				tokens := make(chan string, 1)
				go func() { tokens <- requireTokenIn(t, other) }()
				assert.Equal(t, requireToken(t, source), <-tokens)
			})
		}
	}
	runInBubble(t, "exchange", func(t *testing.T) {
		f := newExchangeFixture(t, 0)
		f.api.script(exchangeEndpoint, apiAnswer{Delay: time.Second, Body: f.answer}, apiAnswer{Delay: 2 * time.Second, Code: 40078})
		f.config.Claims = frozenClaims{} // so that both send it
		one, two := f.replica(t), f.replica(t)
		go func() {
			_, err := one.PermanentCode(context.Background(), testAuthCode)
			assert.NoError(t, err)
		}()
		time.Sleep(time.Millisecond)
		got, err := two.PermanentCode(context.Background(), testAuthCode)
		require.NoError(t, err)
		requireAuthorization(t, got)
	})
}

func slowDown(cache *probeCache, by time.Duration) {
	cache.mu.Lock()
	defer cache.mu.Unlock()
	cache.slow = by
}

// Once WeCom has answered, those who wait have what they wait for; then it is
// written down.
func TestD19_FrozenCacheAfterTheAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		runInBubble(t, kind.name, func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			if kind.name == corpToken.name {
				requireToken(t, suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)}))
				time.Sleep(time.Second)
			}
			answer := make(chan struct{})
			api.script(kind.endpoint, apiAnswer{Until: answer})
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			time.AfterFunc(5*time.Second, func() { cache.freeze(true); close(answer) })
			began := time.Now()
			token := requireToken(t, source)
			assert.Equal(t, 5*time.Second, time.Since(began), "the cache is not waited for")
			assert.Equal(t, token, requireToken(t, source))
		})
		runInBubble(t, kind.name+", slow", func(t *testing.T) {
			api, cache := newPretendAPI(), newProbeCache()
			source := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			slowDown(cache, 300*time.Millisecond)
			token := requireToken(t, source)
			time.Sleep(2 * time.Second)
			slowDown(cache, 0)
			calls := api.called(kind.endpoint)
			other := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			assert.Equal(t, token, requireToken(t, other), "it was written all the same")
			assert.Equal(t, calls, api.called(kind.endpoint))
		})
	}
	runInBubble(t, "dropped while it is written", func(t *testing.T) {
		api, cache := newPretendAPI(), newProbeCache()
		source := suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
		slowDown(cache, 300*time.Millisecond)
		token := requireToken(t, source)
		require.NoError(t, source.Invalidate(context.Background(), token))
		api.revoke(token)
		require.NotEqual(t, token, requireToken(t, source))
		time.Sleep(2 * time.Second)
		slowDown(cache, 0)
		other := suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
		require.NoError(t, api.check(requireToken(t, other), suiteKind), "the refused token came back")
	})
}

// callsInAnHour has replicas ask for a token every second, for an hour.
func callsInAnHour(t *testing.T, api *pretendAPI, kind tokenKind, sources []openwork.TokenSource, code int) int {
	t.Helper()
	before := api.called(kind.endpoint)
	for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(time.Second) {
		for _, source := range sources {
			_, err := source.Token(context.Background())
			requireFailure(t, code, err)
		}
	}
	return api.called(kind.endpoint) - before
}

// What WeCom says is asked for again more and more seldom.
func TestD3_VerdictUnderSteadyTraffic(t *testing.T) {
	t.Parallel()
	for _, kind := range tokenKinds {
		for _, code := range []int{40001, 40013, 40014, 40080, 40084, 40085, 40091, 48002, 60020, -1, 45033, 45009} {
			for name, isShared := range map[string]bool{"one Claimer": true, "no Claimer": false} {
				runInBubble(t, fmt.Sprint(kind.name, ", ", code, ", ", name), func(t *testing.T) {
					api, cache := newPretendAPI(), openwork.NewMemoryCache()
					replicas := 4
					if !isShared {
						replicas = 1
					}
					var sources []openwork.TokenSource
					for range replicas {
						sources = append(sources, kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)}))
					}
					api.always(kind.endpoint, apiAnswer{Code: code})
					most := 250
					if code > 0 && code != 60020 && code != 45009 && code != 45033 {
						most = 50 // for all replicas together
					}
					assert.LessOrEqual(t, callsInAnHour(t, api, kind, sources, code), most)

					api.always(kind.endpoint, apiAnswer{})
					time.Sleep(7 * time.Minute)
					for _, source := range sources {
						requireToken(t, source)
					}
				})
			}
		}
	}
}

// After news nobody waits for the end of the pause.
func TestD3_NewsEndThePause(t *testing.T) {
	t.Parallel()
	const recent = 2100 * time.Millisecond // how long an error is repeated without a look
	newReplicas := func(t *testing.T, edit func(*openwork.ClientConfig)) (*clientFixture, []*openwork.Client) {
		f := newClientFixture(t, edit)
		replicas := []*openwork.Client{f.Client}
		for range 3 {
			client, err := openwork.NewClient(f.config)
			require.NoError(t, err)
			replicas = append(replicas, client)
		}
		return f, replicas
	}
	sources := func(replicas []*openwork.Client, of func(*openwork.Client) openwork.TokenSource) (all []openwork.TokenSource) {
		for _, client := range replicas {
			all = append(all, of(client))
		}
		return all
	}
	ofCorp := func(c *openwork.Client) openwork.TokenSource { return c.Corp(testCorp) }
	runInBubble(t, "another permanent code", func(t *testing.T) {
		f, replicas := newReplicas(t, func(c *openwork.ClientConfig) { c.Tickets = keptTickets(t) })
		f.codes.set(testCorp, secretMark+"-bad-code")
		calls := callsInAnHour(t, f.api, corpToken, sources(replicas, ofCorp), 40084)
		assert.LessOrEqual(t, calls, 250)
		f.codes.set(testCorp, testPermanentCode)
		time.Sleep(recent)
		for _, client := range replicas {
			requireToken(t, client.Corp(testCorp))
		}
	})
	runInBubble(t, "a new ticket", func(t *testing.T) {
		tickets := openwork.TicketsIn(openwork.NewMemoryCache())
		put := func(value string) {
			require.NoError(t, tickets.PutTicket(context.Background(), testSuiteID, openwork.SuiteTicket{Value: value, Time: time.Now()}))
		}
		f, replicas := newReplicas(t, func(c *openwork.ClientConfig) { c.Tickets = tickets })
		f.api.acceptOnlyTicket(testSuiteID, secretMark+"-new")
		put(secretMark + "-old")
		for range 200 {
			for _, client := range replicas {
				_, err := client.Suite().Token(context.Background())
				requireFailure(t, 40085, err)
				_, err = client.Corp(testCorp).Token(context.Background())
				requireFailure(t, 40085, err)
			}
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, f.api.called("get_suite_token"), 10)
		put(secretMark + "-new")
		time.Sleep(recent)
		for _, client := range replicas {
			requireToken(t, client.Suite())
			requireToken(t, client.Corp(testCorp))
		}
	})
	runInBubble(t, "Forget", func(t *testing.T) {
		f, replicas := newReplicas(t, func(c *openwork.ClientConfig) { c.Tickets = keptTickets(t) })
		f.api.knowCode(testCorp, "")
		callsInAnHour(t, f.api, corpToken, sources(replicas, ofCorp), 40084)
		f.api.knowCode(testCorp, testPermanentCode)
		require.NoError(t, replicas[0].Forget(context.Background(), testCorp))
		requireToken(t, replicas[0].Corp(testCorp))
		time.Sleep(recent)
		for _, client := range replicas {
			requireToken(t, client.Corp(testCorp)) // what the first has got
		}
	})
	runInBubble(t, "another secret", func(t *testing.T) {
		api, cache := newPretendAPI(), openwork.NewMemoryCache()
		wrong := suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t), SuiteSecret: secretMark + "-wrong"})
		_, err := wrong.Token(context.Background())
		requireFailure(t, 40080, err)
		requireToken(t, suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)}))
	})
}

// A limit of calls is one of the endpoint: it is not run into again for each corp.
func TestD18_LimitOfAnEndpoint(t *testing.T) {
	t.Parallel()
	runInBubble(t, "500 corps", func(t *testing.T) {
		f := newClientFixture(t, func(c *openwork.ClientConfig) {
			c.Tickets = keptTickets(t)
			c.PermanentCodes = func(context.Context, string) (string, error) { return testPermanentCode, nil }
		})
		other, err := openwork.NewClient(f.config)
		require.NoError(t, err)
		f.api.always("get_corp_token", apiAnswer{Code: 45009})
		for i := range 500 {
			for _, client := range []*openwork.Client{f.Client, other} {
				_, err := client.Corp(fmt.Sprint("wpcorp", i)).Token(context.Background())
				requireFailure(t, 45009, err)
			}
		}
		assert.Equal(t, 1, f.api.called("get_corp_token"))
		requireToken(t, f.Suite())
		_, err = f.PermanentCode(context.Background(), testAuthCode)
		assert.NotContains(t, fmt.Sprint(err), "45009", "other endpoints have limits of their own")
		time.Sleep(61 * time.Second)
		f.api.always("get_corp_token", apiAnswer{})
		f.api.knowCode("wpcorp7", testPermanentCode)
		requireToken(t, f.Corp("wpcorp7"))
	})
	for version, exchange := range exchanges {
		runInBubble(t, "exchange, "+version, func(t *testing.T) {
			f := newExchangeFixture(t, 0)
			replica := f.replica(t)
			f.api.script(exchange.endpoint, apiAnswer{Code: 45009})
			for i := range 50 {
				_, err := exchange.call(context.Background(), f.Client, fmt.Sprint(testAuthCode, i))
				requireFailure(t, 45009, err)
				_, err = exchange.call(context.Background(), replica, fmt.Sprint(testAuthCode, i))
				requireFailure(t, 45009, err)
				time.Sleep(time.Second)
			}
			assert.Equal(t, 1, f.api.called(exchange.endpoint))
			time.Sleep(11 * time.Second)
			for i, client := range []*openwork.Client{f.Client, replica} {
				got, err := exchange.call(context.Background(), client, fmt.Sprint(testAuthCode, i))
				require.NoError(t, err, "a minute at most")
				requireAuthorization(t, got)
			}
		})
	}
}

// Strangers who post what are no auth codes at a public redirect pause nobody
// else, and leave nothing behind.
func TestD18_StrangersExchangeGarbage(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		f := newExchangeFixture(t, 0, func(c *openwork.ClientConfig) { c.Tickets = keptTickets(t) })
		f.api.always(exchangeEndpoint, apiAnswer{})
		f.api.handle(exchangeEndpoint, func(call apiCall) apiAnswer {
			if call.JSON["auth_code"] != testAuthCode {
				return apiAnswer{Code: 40078}
			}
			return apiAnswer{Body: f.answer}
		})
		for i := range 2000 {
			_, err := f.PermanentCode(context.Background(), fmt.Sprint("garbage-", i))
			requireFailure(t, 40078, err)
		}
		before := f.api.called(exchangeEndpoint)
		for range 600 { // the same again and again
			_, err := f.PermanentCode(context.Background(), "garbage-0")
			requireFailure(t, 40078, err)
			time.Sleep(time.Second)
		}
		assert.LessOrEqual(t, f.api.called(exchangeEndpoint)-before, 12)
		got, err := f.PermanentCode(context.Background(), testAuthCode)
		require.NoError(t, err)
		requireAuthorization(t, got)
		time.Sleep(time.Hour)
		_, err = f.PermanentCode(context.Background(), "garbage-0")
		requireFailure(t, 40078, err)
		assert.LessOrEqual(t, openwork.Pauses(f.Client), 1)
	})
}

// A caller who hears the verdict and asks again at once hears it again: the
// pause has begun before anybody is told, with a Claimer and without.
func TestD18_VerdictIsKnownBeforeItIsTold(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]openwork.Cache{"a Claimer": openwork.NewMemoryCache(), "none": newProbeCache()} {
		runInBubble(t, name, func(t *testing.T) {
			f := newExchangeFixture(t, 0, func(c *openwork.ClientConfig) { c.Cache, c.Claims = store, nil })
			f.api.always(exchangeEndpoint, apiAnswer{Code: 40078})
			for range 50 {
				_, err := f.PermanentCode(context.Background(), testAuthCode)
				requireFailure(t, 40078, err)
			}
			assert.Equal(t, 1, f.api.called(exchangeEndpoint))
		})
	}
}
