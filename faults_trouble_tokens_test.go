package openwork_test

import (
	"context"
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
					store.next[method] = func() { trouble(never) }
					began := time.Now()
					token, err := kind.caller(client).Token(context.Background())
					assert.LessOrEqual(t, time.Since(began), 11*time.Second)
					if err != nil {
						assert.NotContains(t, err.Error(), secretMark)
					}
					time.Sleep(2 * time.Minute)
					token = requireToken(t, kind.caller(client))
					require.NoError(t, api.check(token, kind.kind))

					// So it is when a token has been refused.
					store.next[method] = func() { trouble(never) }
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
			"40013": {Code: 40013, Delay: 2 * time.Second}, "500": {Status: 500, Delay: 2 * time.Second},
			"45009": {Code: 45009, Delay: 2 * time.Second}, "late": {Delay: time.Hour},
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
				var token string
				go func() { token = requireTokenIn(t, other) }()
				got := requireToken(t, source)
				assert.Equal(t, token, got)
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
			cache.slow = 300 * time.Millisecond
			token := requireToken(t, source)
			time.Sleep(2 * time.Second)
			cache.slow = 0
			calls := api.called(kind.endpoint)
			other := kind.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
			assert.Equal(t, token, requireToken(t, other), "it was written all the same")
			assert.Equal(t, calls, api.called(kind.endpoint))
		})
	}
	runInBubble(t, "dropped while it is written", func(t *testing.T) {
		api, cache := newPretendAPI(), newProbeCache()
		source := suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
		cache.slow = 300 * time.Millisecond
		token := requireToken(t, source)
		require.NoError(t, source.Invalidate(context.Background(), token))
		api.revoke(token)
		require.NotEqual(t, token, requireToken(t, source))
		time.Sleep(2 * time.Second)
		cache.slow = 0
		other := suiteToken.source(t, tokenSetup{API: api, Cache: cache, Tickets: keptTickets(t)})
		require.NoError(t, api.check(requireToken(t, other), suiteKind), "the refused token came back")
	})
}
