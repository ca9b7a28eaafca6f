package openworktest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// PlatformConfig says what a Platform is like. The zero value is right for most
// tests.
type PlatformConfig struct {
	// Seed makes ids, codes, tickets, tokens and nonces, and decides what is
	// left to chance. Two platforms with one seed, used alike, are alike.
	Seed int64

	// Mark begins every Token, key, secret, ticket, code and access token: one
	// search finds what has leaked into a log. At most 10 letters and digits.
	// "": nothing is marked.
	Mark string

	// Now is the platform's clock: the times it writes, and what expires by
	// them. It does not move timers: waiting follows package time. nil:
	// time.Now.
	Now func() time.Time

	// ProviderCorpID is the corpid of the provider, whose all apps are. "":
	// one made from Seed.
	ProviderCorpID string

	// Duplicates is the share of pushes that come twice though they were
	// accepted, from 0 to 1. The copy comes after the answer; at the same time
	// where Concurrency is above 1.
	Duplicates float64

	// Delay is how long an attempt may be under way before it arrives: a
	// random time below.
	Delay time.Duration

	// Reorder has Corp.PushAll begin with the pushes in random order.
	Reorder bool

	// Concurrency is how many pushes of Corp.PushAll are under way at one
	// time. 0: 1.
	Concurrency int

	// Reencrypt has repetitions and copies encrypted and signed anew, with a
	// nonce, timestamp and random prefix of their own. Without it the same
	// request comes again.
	Reencrypt bool

	// RepeatOnStatus has pushes repeated after a status other than 200 too, as
	// document/path/96466 says, which contradicts 91116.
	RepeatOnStatus bool

	// BodyDelay is how much later the second half of a push's body arrives.
	// Not over HTTP.
	BodyDelay time.Duration

	// TokenLife is how long access tokens and tickets of the JS-SDK live. 0:
	// 7200 seconds.
	TokenLife time.Duration

	// PerMinute and PerHour limit the calls of one API for one corp, and those
	// of the provider's own; beyond, they are answered 45009 for a minute or
	// an hour. 0: what document/path/90454 says, 10 000 and 150 000 for a
	// corp, 40 000 and 1 200 000 for the provider.
	PerMinute, PerHour int

	// WrongSecrets is how many calls for a token in an hour may have a wrong
	// secret, ticket or code; then all are answered 45009 for an hour. 0: 2000.
	WrongSecrets int
}

// Platform pretends to be WeCom: the provider console, the customers, and the
// API. Make one with NewPlatform. It is safe for concurrent use, and holds no
// lock while it delivers: a handler may call the API of the same Platform.
//
// It is an http.Handler that serves the API, for clients over HTTP; those that
// are made with ClientConfig reach it in process.
type Platform struct {
	config PlatformConfig
	http   *http.Client // that DeliverToURL uses

	mu             sync.Mutex
	serials        map[string]int
	providerCorpID string
	providers      map[string]bool // by corpid
	suites         map[string]*Suite
	authCodes      map[string]*authCode
	preAuthCodes   map[string]*preAuthCode
	qrCodes        map[string]*qrCode
	tokens         map[string]*token // by value
	current        map[string]*token // by owner
	limits         map[string]*window
	wrongSecrets   window
	faults         []*fault
	counts         map[string]int
	calls          []*Call
	endpoints      map[string]func(*Call) any
}

// NewPlatform makes a WeCom without apps and customers. It starts nothing and
// needs no end. It panics for a Mark of another shape.
func NewPlatform(config PlatformConfig) *Platform {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.WrongSecrets == 0 {
		config.WrongSecrets = 2000
	}
	if config.TokenLife == 0 {
		config.TokenLife = 7200 * time.Second
	}
	if len(config.Mark) > 10 || strings.Trim(config.Mark, alphabet) != "" {
		panic("openworktest: PlatformConfig.Mark is not up to 10 letters and digits")
	}
	p := &Platform{config: config, serials: map[string]int{}, suites: map[string]*Suite{}, authCodes: map[string]*authCode{},
		preAuthCodes: map[string]*preAuthCode{}, qrCodes: map[string]*qrCode{}, counts: map[string]int{}, providers: map[string]bool{}, tokens: map[string]*token{}, current: map[string]*token{},
		limits: map[string]*window{}, endpoints: map[string]func(*Call) any{}}
	p.http = &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true}, // WeCom keeps none either
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if p.providerCorpID = config.ProviderCorpID; p.providerCorpID == "" {
		p.providerCorpID = p.hexID("ww", "provider")
	}
	return p
}

// Format shows nothing of what the platform knows.
func (p *Platform) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("openworktest.Platform{…}")) }

func (p *Platform) now() time.Time { return p.config.Now() }

// HTTPClient reaches the API in process, whatever host it is asked for,
// without a socket. As with one, a call ends with its context, and after 10
// seconds.
func (p *Platform) HTTPClient() *http.Client {
	return &http.Client{Transport: inProcess{p}, Timeout: 10 * time.Second}
}

// next counts: 1, 2, 3 … for each thing that is counted.
func (p *Platform) next(what ...string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.nextHeld(what...)
}

// nextHeld is next; p.mu is held.
func (p *Platform) nextHeld(what ...string) string {
	key := strings.Join(what, "\x00")
	p.serials[key]++
	return strconv.Itoa(p.serials[key])
}

// random is chance that depends on the seed and on what it is for. So it does
// not matter what else happens at the same time.
func (p *Platform) random(purpose ...string) *rand.Rand {
	return rand.New(rand.NewChaCha8(p.hash(purpose...)))
}

func (p *Platform) hash(purpose ...string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strconv.FormatInt(p.config.Seed, 10) + "\x00" + strings.Join(purpose, "\x00")))
}

// letters are n letters and digits for a purpose: always the same.
func (p *Platform) letters(n int, purpose ...string) string {
	return letters(p.random(purpose...), n)
}

// secret is like letters, with the mark in front.
func (p *Platform) secret(n int, purpose ...string) string {
	return p.config.Mark + p.letters(n-len(p.config.Mark), purpose...)
}

// hexID is the id of a suite or provider, like ww1a2b3c4d5e6f7a8b.
func (p *Platform) hexID(start string, purpose ...string) string {
	sum := p.hash(purpose...)
	return start + hex.EncodeToString(sum[:8])
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func letters(random *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[random.IntN(len(alphabet))]
	}
	return string(b)
}

// digits is a number of n digits.
func digits(random *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + random.IntN(10))
	}
	b[0] = byte('1' + random.IntN(9))
	return string(b)
}
