package openwork

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// TokenSource gives a token that is good to use now. All in this package are safe for concurrent use.
type TokenSource interface {
	// Token returns the token at hand, or gets one. It returns when ctx ends, if not before; what it began for the
	// caller goes on for the next.
	Token(ctx context.Context) (string, error)
	// Invalidate drops the token, for this process and in the Cache, if it is still the one in use: WeCom said that it is
	// no longer good.
	Invalidate(ctx context.Context, token string) error
}

// CachedTokenConfig describes something that expires and is fetched again.
type CachedTokenConfig struct {
	// Key is what the token is kept under, after "openwork:". It must name whose it is, and hold no secret.
	Key string

	// Fetch gets a new token and says how long it lives; one minute to two hours are believed. It is called with a
	// context of its own, which ends after 10 seconds.
	Fetch func(ctx context.Context) (token string, life time.Duration, err error)

	Cache  Cache        // shared between replicas; nil: a MemoryCache
	Claims Claimer      // nil: Cache if it is one, else each replica fetches for itself
	Logger *slog.Logger // says when a fetch ahead of time fails; nil: slog.Default()
}

// CachedToken keeps a token in memory and in a Cache and fetches it again in time: the engine behind all tokens here, for
// whatever else expires.
//
// Callers that find no token share one fetch, across replicas too where there is a Claimer, and each may leave with its
// own context. From 5 minutes, or a tenth of its life, before its end, a token is still served while it is fetched anew,
// at most once a minute; from 30 seconds before, callers wait. If fetching fails, a token that is good is served on;
// without one, the error is repeated for 2 seconds.
//
// What WeCom answers, an APIError of Fetch, is not asked for again at once: there
// is a pause of 2 seconds, which grows to 5 minutes (2 while WeCom is busy; a
// minute, always, if it limits the calls), and which replicas share through the
// Claimer. It is safe for concurrent use.
type CachedToken struct {
	key string
	*stores
	plan func(ctx context.Context) (fetchPlan, error)
	once bool // served to its very end, and never fetched ahead of it

	current atomic.Pointer[heldToken]

	mu       sync.Mutex
	flight   *flight // or nil
	bad      string  // the token that was dropped last: the cache, or an answer on its way, may still bring it back
	badSince time.Time
	oldest   time.Time // what the cache has must not have been fetched before
	epoch    int       // counts calls of forget
	failures int       // in a row
	failed   error     // the last one
	again    time.Time
	ahead    atomic.Int64 // unix nanoseconds: no fetch ahead of time before
}

// fetchPlan is how to get a token now. A token in the cache with another tag was made from another secret.
type fetchPlan struct {
	tag      string
	op       string                          // the call that fetch makes, as errors name it; "": unknown
	endpoint string                          // whose limit of calls it shares; "": only its own
	about    func() string                   // a fingerprint of what else it is made with, once prepared; or nil
	prepare  func(ctx context.Context) error // what may take long before fetch can begin; or nil
	fetch    func(ctx context.Context) (newToken, error)
}

type newToken struct {
	value string
	life  time.Duration
	tag   string
}

// flight is a fetch that several callers wait for.
type flight struct {
	done   chan struct{} // closed at the end
	landed bool          // for its own goroutine only
	token  *heldToken
	err    error
}

// The times of the engine.
const (
	shortestLife   = time.Minute // believed
	longestLife    = 2 * time.Hour
	hardMargin     = 30 * time.Second // before its end a token is no longer served
	softMargin     = 5 * time.Minute  // before its end it is fetched anew
	fetchEvery     = time.Minute
	fetchTimeout   = 10 * time.Second
	fetchLease     = 12 * time.Second // longer than a fetch
	flightTimeout  = 35 * time.Second // longer than another's lease and two fetches
	insistPause    = 10 * time.Second // in which a token that WeCom gave out again is not dropped again
	rememberFailed = 2 * time.Second
)

// Format shows the Key: a Cache holds tokens, and may be a map.
func (c CachedTokenConfig) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.CachedTokenConfig{Key: %q}", c.Key)
}

// MarshalText is the same for encoders: package slog, JSON, XML, YAML.
func (c CachedTokenConfig) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

// NewCachedToken makes a CachedToken. It refuses an empty Key and a nil Fetch.
func NewCachedToken(config CachedTokenConfig) (*CachedToken, error) {
	if config.Key == "" || config.Fetch == nil {
		return nil, errors.New("openwork: CachedTokenConfig needs Key and Fetch")
	}
	plan := func(context.Context) (fetchPlan, error) {
		return fetchPlan{fetch: func(ctx context.Context) (newToken, error) {
			value, life, err := config.Fetch(ctx)
			return newToken{value: value, life: life}, err
		}}, nil
	}
	return newCachedToken(config.Key, newStores(config.Cache, config.Claims, config.Logger), plan), nil
}

func newCachedToken(key string, stores *stores, plan func(context.Context) (fetchPlan, error)) *CachedToken {
	return &CachedToken{key: "openwork:" + key, stores: stores, plan: plan}
}

// Token implements TokenSource. The errors are those of the fetch, and ctx's.
func (c *CachedToken) Token(ctx context.Context) (string, error) {
	now := time.Now()
	held := c.current.Load()
	if c.usable(held, now) {
		if !c.once && !now.Before(held.soft) {
			c.fetchAhead(ctx, now)
		}
		return held.value, nil
	}
	f, err := c.join(ctx, now)
	if err != nil {
		return "", err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return "", fmt.Errorf("openwork: waiting for %s: %w", c.key, ctx.Err())
	}
	if f.err != nil {
		return "", f.err
	}
	return f.token.value, nil
}

// Invalidate implements TokenSource. The error is the cache's; this process has dropped the token in any case, unless WeCom
// gave it out again a moment ago, when asked for another.
func (c *CachedToken) Invalidate(ctx context.Context, token string) error {
	return c.drop(ctx, token, false)
}

// drop is Invalidate, also of a token that WeCom insists on if there is reason to expect another.
func (c *CachedToken) drop(ctx context.Context, token string, expectAnother bool) error {
	now := time.Now()
	c.mu.Lock()
	held := c.current.Load()
	switch {
	case held == nil && c.bad != "": // another call has dropped it, or a later one
	case held == nil:
		c.bad, c.badSince = token, now
	case held.value != token:
	case held.again && !expectAnother && now.Sub(held.fetched) < insistPause:
		c.mu.Unlock()
		return nil
	default:
		c.current.Store(nil)
		c.bad, c.badSince, c.oldest = token, now, held.fetched.Truncate(time.Millisecond) // as the cache has it
	}
	c.mu.Unlock()
	cached, err := c.cached(ctx)
	if err == nil && cached != nil && cached.value == token {
		err = c.delete(ctx, c.key)
	}
	if err != nil {
		return fmt.Errorf("openwork: drop %s: %w", c.key, err)
	}
	return nil
}

// forget drops the token, whatever it is; one that is being fetched is given to those who wait for it, and not kept.
func (c *CachedToken) forget(ctx context.Context) error {
	c.mu.Lock()
	c.current.Store(nil)
	c.failed = nil
	c.epoch++
	c.mu.Unlock()
	c.pauses.End(c.key)
	return c.delete(ctx, c.key)
}

// fetchAhead begins to fetch a token while there is one to serve.
func (c *CachedToken) fetchAhead(ctx context.Context, now time.Time) {
	if now.UnixNano() < c.ahead.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == nil && now.UnixNano() >= c.ahead.Load() {
		c.begin(ctx, now)
	}
}

// join returns the fetch to wait for, or the error of the last one, if that is too fresh to try again.
func (c *CachedToken) join(ctx context.Context, now time.Time) (*flight, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flight == nil {
		if c.failed != nil && now.Before(c.again) {
			return nil, c.failed
		}
		c.begin(ctx, now)
	}
	return c.flight, nil
}

// begin starts a flight; c.mu is held. It ends by itself, at the latest after flightTimeout.
func (c *CachedToken) begin(ctx context.Context, now time.Time) {
	f := &flight{done: make(chan struct{})}
	c.flight = f
	c.ahead.Store(now.Add(fetchEvery).UnixNano())
	ctx = context.WithoutCancel(ctx)
	guard.Go(func() error {
		ctx, cancel := context.WithTimeout(ctx, flightTimeout)
		defer cancel()
		c.refresh(ctx, f)
		return nil
	}, func(err error) {
		if err != nil && !f.landed {
			c.land(f, nil, fmt.Errorf("openwork: fetching a token: %w", hideCrash(err)))
		}
	})
}

// land ends a flight: those who wait get what has come of it.
func (c *CachedToken) land(f *flight, token *heldToken, err error) {
	f.landed, f.token, f.err = true, token, err
	now := time.Now()
	if c.landed(f, now) && c.usable(c.current.Load(), now) {
		c.logger.LogAttrs(context.Background(), slog.LevelWarn, "openwork: token not refreshed, the current one is served on",
			slog.String("key", c.key), slog.String("error", f.err.Error()))
	}
}

func (c *CachedToken) landed(f *flight, now time.Time) (hasFailed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight = nil
	close(f.done)
	if f.err == nil {
		c.failed, c.failures = nil, 0
		return false
	}
	c.failures++
	c.failed, c.again = f.err, now.Add(rememberFailed)
	pause := fetchEvery << min(c.failures-1, 2)
	if errors.Is(f.err, ErrNoSuiteTicket) || errors.Is(f.err, ErrSuiteTicketExpired) {
		c.again = now // no call was made, and a ticket may arrive at any time
		pause = fetchEvery
	}
	c.ahead.Store(now.Add(pause + jitter(pause/4)).UnixNano())
	return true
}

// refresh gets a token from another replica or from WeCom, and lands the flight
// with it. Only then it writes it down: nobody waits for that.
func (c *CachedToken) refresh(ctx context.Context, f *flight) {
	c.mu.Lock()
	epoch := c.epoch
	c.mu.Unlock()
	plan, err := c.plan(ctx)
	if err != nil {
		c.land(f, nil, err)
		return
	}
	held, release, err := c.seek(ctx, plan, epoch)
	if release != nil {
		defer release()
		var fetched *heldToken
		if fetched, err = c.fetch(ctx, plan); err == nil {
			c.resume(plan)
			accepted, bad := c.accept(fetched, epoch)
			c.land(f, accepted, nil)
			if accepted == fetched {
				c.write(context.WithoutCancel(ctx), fetched, bad, epoch)
			}
			return
		}
		defer c.pause(context.WithoutCancel(ctx), plan, err)() // before release
	}
	if err != nil { // another replica may have fared better
		if held = c.look(context.WithoutCancel(ctx), plan.tag, epoch); held != nil {
			c.land(f, held, nil)
			return
		}
	}
	c.land(f, held, err)
}

// seek finds a token that another replica has fetched, or a reason not to fetch
// one. Else the fetch is ours, until release.
func (c *CachedToken) seek(ctx context.Context, plan fetchPlan, epoch int) (_ *heldToken, release func(), _ error) {
	if held := c.look(ctx, plan.tag, epoch); held != nil {
		return held, nil, nil
	}
	if plan.prepare != nil {
		_, err := guard.Within(ctx, &c.calls.fetch, left(ctx, flightTimeout), func(ctx context.Context) (struct{}, error) {
			return struct{}{}, plan.prepare(ctx)
		})
		if err != nil {
			return nil, nil, hideCrash(err)
		}
	}
	if err := c.pausedHere(plan); err != nil {
		return nil, nil, err
	}
	held, release, err := c.claim(ctx, plan.tag, epoch)
	if held != nil || err != nil {
		return held, nil, err
	}
	if held := c.look(ctx, plan.tag, epoch); held != nil { // fetched between the first look and the claim
		release()
		return held, nil, nil
	}
	if err := c.pausedElsewhere(ctx, plan); err != nil {
		release()
		return nil, nil, err
	}
	return nil, release, nil
}

// fetch fetches a token, and another if that was dropped while WeCom was
// answering.
func (c *CachedToken) fetch(ctx context.Context, plan fetchPlan) (*heldToken, error) {
	fetched, err := c.fetchOnce(ctx, plan)
	if err == nil && c.isOutdated(fetched) {
		return c.fetchOnce(ctx, plan)
	}
	return fetched, err
}

func (c *CachedToken) fetchOnce(ctx context.Context, plan fetchPlan) (*heldToken, error) {
	limit := left(ctx, fetchTimeout)
	began := time.Now()
	fetched, err := guard.Within(ctx, &c.calls.fetch, limit+deafGrace, func(ctx context.Context) (newToken, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return plan.fetch(ctx)
	})
	var crash *guard.Crash
	switch {
	case errors.As(err, &crash), errors.Is(err, guard.ErrLeftBehind):
		return nil, fmt.Errorf("openwork: fetching %s: %w", c.key, hideCrash(err))
	case err != nil:
		return nil, err
	case fetched.value == "":
		return nil, fmt.Errorf("openwork: %s: no token in the answer", c.key)
	}
	return newHeldToken(fetched.value, fetched.tag, began, began.Add(max(shortestLife, min(fetched.life, longestLife)))), nil
}

// isOutdated tells whether a token was dropped after its fetch began. Fetched later, the same token would be good again.
func (c *CachedToken) isOutdated(t *heldToken) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.value == c.bad && t.fetched.Before(c.badSince)
}

// look takes over what another replica has put in the cache, if that is better than what we have.
func (c *CachedToken) look(ctx context.Context, tag string, epoch int) *heldToken {
	cached, err := c.cached(ctx)
	now := time.Now()
	if err != nil || !c.usable(cached, now) || cached.tag != tag {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.current.Load()
	if c.epoch != epoch || cached.value == c.bad || cached.fetched.Before(c.oldest) && cached.fetched != unknownTime ||
		c.usable(held, now) && !cached.fetched.After(held.fetched) {
		return nil
	}
	if c.usable(held, now) && !now.Before(cached.soft) && now.Sub(cached.fetched) >= fetchEvery {
		return nil // it is time for a fetch, and nobody has just made one
	}
	c.current.Store(cached)
	return cached
}

// claim makes the fetch ours, or waits for whoever it belongs to and returns
// their token. Without a Claimer, or while it is down, it is always ours; release
// ends that.
func (c *CachedToken) claim(ctx context.Context, tag string, epoch int) (_ *heldToken, release func(), err error) {
	if c.claims == nil {
		return nil, func() {}, nil
	}
	key, owner := c.key+":claim", rand.Text()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		state, _, err := c.stores.claim(ctx, key, owner, fetchLease)
		switch {
		case err != nil || state != ClaimBusy:
			return nil, func() { _ = c.release(context.WithoutCancel(ctx), key, owner) }, nil // the lease ends it otherwise
		}
		select {
		case <-time.After(pause + jitter(pause)):
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("openwork: waiting for another replica to fetch %s: %w", c.key, ctx.Err())
		}
		if held := c.look(ctx, tag, epoch); held != nil {
			return held, nil, nil
		}
	}
}

// accept makes a token the current one in this process, unless that has got one
// meanwhile whose fetch began later, or all was forgotten. bad is the token that
// was dropped last.
func (c *CachedToken) accept(fetched *heldToken, epoch int) (_ *heldToken, bad string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.current.Load()
	if c.epoch == epoch && c.usable(held, time.Now()) && held.fetched.After(fetched.fetched) {
		return held, ""
	}
	if c.epoch == epoch {
		fetched.again, bad = fetched.value == c.bad, c.bad
		c.current.Store(fetched)
		c.bad = ""
	}
	return fetched, bad
}

// write puts the current token in the cache, or takes over from there one whose
// fetch began later, unless all was forgotten.
func (c *CachedToken) write(ctx context.Context, fetched *heldToken, bad string, epoch int) {
	cached, err := c.cached(ctx)
	newer := err == nil && c.usable(cached, time.Now()) && cached.tag == fetched.tag && cached.value != bad &&
		cached.fetched.After(fetched.fetched)
	c.mu.Lock()
	isCurrent := c.epoch == epoch && c.current.Load() == fetched
	if isCurrent && newer {
		c.current.Store(cached)
	}
	c.mu.Unlock()
	if !isCurrent || newer {
		return
	}
	if err = c.set(ctx, c.key, fetched.encode(), fetched.expires); err != nil {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "openwork: token kept in this process only",
			slog.String("key", c.key), slog.String("error", err.Error()))
	}
	c.mu.Lock()
	isCurrent = c.epoch == epoch && c.current.Load() == fetched
	c.mu.Unlock()
	if isCurrent {
		return
	}
	// Dropped or forgotten while we wrote.
	if cached, err = c.cached(ctx); err == nil && cached != nil && cached.value == fetched.value {
		_ = c.delete(ctx, c.key)
	}
}

// cached is the token in the cache, nil if there is none.
func (c *CachedToken) cached(ctx context.Context) (*heldToken, error) {
	value, ok, err := c.get(ctx, c.key)
	if err != nil || !ok {
		return nil, err
	}
	return decodeToken(value), nil
}

// heldToken is a token with its times; it never changes once it is in use.
type heldToken struct {
	value, tag    string
	fetched       time.Time // when the fetch began
	soft, expires time.Time
	again         bool // it is what had just been dropped
}

func newHeldToken(value, tag string, fetched, expires time.Time) *heldToken {
	margin := max(softMargin, min(expires.Sub(fetched), longestLife)/10)
	return &heldToken{value: value, tag: tag, fetched: fetched, expires: expires, soft: expires.Add(-margin - jitter(margin/4))}
}

// usable tells whether to serve the token. In its last seconds only one that was fetched just now is: WeCom gives out the
// same token until its end, and asking again would not help.
func (c *CachedToken) usable(t *heldToken, now time.Time) bool {
	if t == nil || !now.Before(t.expires) {
		return false
	}
	return c.once || now.Before(t.expires.Add(-hardMargin)) || now.Sub(t.fetched) < fetchEvery
}

// encode writes "<fetched> <expires> <tag> <token>", times in milliseconds.
func (t *heldToken) encode() string {
	return fmt.Sprintf("%d %d %s %s", t.fetched.UnixMilli(), t.expires.UnixMilli(), t.tag, t.value)
}

var unknownTime = time.Unix(0, 0)

// decodeToken is nil for anything else, and never believes a longer life than a token can have.
func decodeToken(text string) *heldToken {
	parts := strings.SplitN(text, " ", 4)
	if len(parts) != 4 || parts[3] == "" {
		return nil
	}
	fetched, err1 := strconv.ParseInt(parts[0], 10, 64)
	expires, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return nil
	}
	now, began, end := time.Now(), time.UnixMilli(fetched), time.UnixMilli(expires)
	if latest := now.Add(longestLife); end.After(latest) {
		end = latest
	}
	if began.After(now.Add(time.Second)) {
		began = unknownTime // by a clock that is ahead; it must not seem newer than all that we fetch
	}
	return newHeldToken(parts[3], parts[2], began, end)
}

// Format shows what is kept, not the token.
func (c *CachedToken) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "openwork.CachedToken{Key: %q}", c.key)
}

// fingerprint tells secrets apart without giving anything away about them.
func fingerprint(secret, purpose string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("openwork " + purpose))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// jitter is a random time below most, so that replicas do not act at the same instant.
func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return mathrand.N(most)
}
