package openwork_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// The attacks are those of an outsider who knows the Token and not the key. He
// signs what he likes, he has captured pushes, and of those that concern
// himself he knows what they say. What becomes of his requests he sees from
// the answers alone. The tests use the key for two things only: to make his
// captures, and to prove that an attack is one.

const blockSize = aes.BlockSize

// chance is where his random bytes come from: the same in every run.
func chance(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func randomBytes(from *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	_, _ = from.Read(b)
	return b
}

// captured is a push as it went over the wire, in blocks, and the frame
// inside: prefix, length, text, receive id, padding.
type captured struct {
	plain, cipher []byte
	text          int // how long the text is
}

// capture is a push of WeCom's with a prefix of letters and digits, as the
// published vectors have.
func capture(from *rand.ChaCha8, text, receiveID string) captured {
	return captureWith(testKey, from, text, receiveID)
}

func captureWith(key string, from *rand.ChaCha8, text, receiveID string) captured {
	frame := []byte(fmt.Sprintf("%016x", from.Uint64()))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(text)))
	padded := refPad(append(append(frame, text...), receiveID...))
	cipher, err := base64.StdEncoding.DecodeString(refEncryptRaw(key, padded))
	if err != nil {
		panic(err)
	}
	return captured{plain: padded, cipher: cipher, text: len(text)}
}

// blocks are the ciphertext blocks from i on, up to and without end.
func (c captured) blocks(i, end int) []byte {
	return bytes.Clone(c.cipher[i*blockSize : end*blockSize])
}

func (c captured) len() int { return len(c.cipher) / blockSize }

// at is the first block that begins at text or behind it, and holds nothing in
// front of it; -1 if there is none.
func (c captured) at(text string) int {
	i := bytes.Index(c.plain, []byte(text))
	if i < 0 {
		return -1
	}
	return (i + blockSize - 1) / blockSize
}

// raw is what block i decrypts to before the block in front of it is added. He
// knows it where he knows the text.
func (c captured) raw(i int) []byte {
	return xor(c.plain[i*blockSize:(i+1)*blockSize], c.blocks(i-1, i))
}

// opening is a first block that turns block i of the capture, put behind it,
// into a length and 12 characters of his choice. A first block decrypts to the
// random prefix, which nobody looks at, so it costs him nothing.
func (c captured) opening(i, length int, text string) []byte {
	if len(text) != 12 {
		panic("an opening is 12 characters: " + text)
	}
	want := append(binary.BigEndian.AppendUint32(nil, uint32(length)), text...)
	return append(xor(c.raw(i), want), c.blocks(i, i+1)...)
}

// relength is the capture's first two blocks with another length: nothing else
// changes but the prefix.
func (c captured) relength(length int) []byte {
	return c.opening(1, length, string(c.plain[20:32]))
}

func xor(a, b []byte) []byte {
	c := make([]byte, len(a))
	for i := range c {
		c[i] = a[i] ^ b[i]
	}
	return c
}

// outsider sends what he made to one URL.
type outsider struct {
	door http.Handler
	kind envelopeKind
	sent int
}

// envelopeKind is how a ciphertext is sent.
type envelopeKind struct {
	name  string
	token string                                  // testToken unless set
	body  func(toUserName, encrypt string) string // nil: as the echostr of a URL check
}

var (
	xmlPush  = envelopeKind{name: "push in XML", body: envelopeXML}
	jsonPush = envelopeKind{name: "push in JSON", body: envelopeJSON}
	urlCheck = envelopeKind{name: "URL check"}
)

// request signs a ciphertext.
func (f envelopeKind) request(ciphertext []byte) *http.Request {
	encrypt := base64.StdEncoding.EncodeToString(ciphertext)
	p := newPush("", func(p *push) {
		p.Encrypt = encrypt
		if f.token != "" {
			p.Token = f.token
		}
		if f.body == nil {
			p.Method = http.MethodGet
		} else {
			p.Body = f.body(testSuiteID, encrypt)
		}
	})
	return p.request()
}

// send answers what he sees: status, headers and body.
func (o *outsider) send(parts ...[]byte) string {
	o.sent++
	w := httptest.NewRecorder()
	o.door.ServeHTTP(w, o.kind.request(bytes.Join(parts, nil)))
	return seen(w)
}

func seen(w *httptest.ResponseRecorder) string {
	var names []string
	for name := range w.Header() {
		names = append(names, name)
	}
	sort.Strings(names)
	text := fmt.Sprintf("%d\n", w.Code)
	for _, name := range names {
		text += name + ": " + strings.Join(w.Header()[name], ", ") + "\n"
	}
	return text + "\n" + w.Body.String()
}

// answer403 is how all of his requests must be answered.
var answer403 = func() string {
	w := httptest.NewRecorder()
	_ = openwork.ErrorResponse(fmt.Errorf("%w", openwork.ErrSignature)).Send(w)
	return seen(w)
}()

// insides is what a request shows to the user's code and to the operator: what
// AllowCorp and DedupeKey are asked, what the Observer may use as labels, and
// the log. Much of that can be seen from outside sooner or later.
type insides struct {
	mu   sync.Mutex
	seen []string
}

func (in *insides) note(format string, args ...any) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.seen = append(in.seen, fmt.Sprintf(format, args...))
}

// Write keeps a line of the log.
func (in *insides) Write(line []byte) (int, error) {
	in.note("log: %s", strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}

// take is everything since it was last called, as one text.
func (in *insides) take() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	all := strings.Join(in.seen, "\n")
	in.seen = nil
	return all
}

// watch is an edit of newFixture, to be given last.
func (in *insides) watch(cfg *openwork.Config) {
	if allow := cfg.AllowCorp; allow != nil {
		cfg.AllowCorp = func(ctx context.Context, corpID string) (bool, error) {
			in.note("AllowCorp is asked about %s", corpID)
			return allow(ctx, corpID)
		}
	}
	cfg.DedupeKey = func(msg *openwork.Message) string {
		in.note("DedupeKey is asked")
		return ""
	}
	cfg.Observer = func(_ context.Context, o openwork.Observation) { in.note("observed: %s", labels(o)) }
	cfg.Logger = slog.New(slog.NewTextHandler(in, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
}

// labels is all of an Observation that a metric or a trace may show: not how
// long it took, which is O2.
func labels(o openwork.Observation) string {
	var b strings.Builder
	for v, i := reflect.ValueOf(o), 0; i < v.NumField(); i++ {
		if name := v.Type().Field(i).Name; name != "Duration" {
			fmt.Fprintf(&b, "%s=%v ", name, v.Field(i))
		}
	}
	return b.String()
}

// withoutTime leaves out of a line what differs from one second to the next.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "not_logged_before" {
		return slog.Attr{}
	}
	return a
}

// target is a Server, or several behind a Mux, with the Token that the
// outsider knows.
type target struct {
	name   string
	token  string // testToken unless set
	edits  []func(*openwork.Config)
	beside [][]func(*openwork.Config) // further Servers of a Mux
	last   bool                       // they come before it
}

// open makes the target anew. Its insides are noted in in, if that is not nil.
func (s target) open(t testing.TB, in *insides) http.Handler {
	server := func(edits []func(*openwork.Config)) *openwork.Server {
		cfg := openwork.Config{
			SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, ProviderCorpID: testProvider,
			Cache: openwork.NewMemoryCache(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		}
		cfg.SetClock((&fakeClock{now: testNow}).Now)
		for _, edit := range edits {
			edit(&cfg)
		}
		if in != nil {
			in.watch(&cfg)
		}
		made, err := openwork.NewServer(cfg)
		require.NoError(t, err)
		return made
	}
	first := server(s.edits)
	if s.beside == nil {
		return first
	}
	servers := []*openwork.Server{first}
	for _, edits := range s.beside {
		servers = append(servers, server(edits))
	}
	if s.last {
		slices.Reverse(servers)
	}
	mux := &openwork.Mux{}
	mux.Add("", servers...)
	return mux
}

// More valid keys.
const (
	thirdKey  = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	fourthKey = "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"
)

// withIDs sets whose pushes are ours.
func withIDs(suiteID, providerCorpID string) func(*openwork.Config) {
	return func(cfg *openwork.Config) { cfg.SuiteID, cfg.ProviderCorpID = suiteID, providerCorpID }
}

// withKey is another app whose Token is the same: many give all their apps
// one.
func withKey(name, key string) func(*openwork.Config) {
	return func(cfg *openwork.Config) { cfg.Name, cfg.SuiteID, cfg.EncodingAESKey = name, otherSuite+name, key }
}

func withPrevious(token, key string) func(*openwork.Config) {
	return func(cfg *openwork.Config) {
		cfg.Previous = &openwork.Credentials{Token: token, EncodingAESKey: key}
	}
}

// nowWith replaces the pair, so that what was captured is of the one before.
func nowWith(token, key string) func(*openwork.Config) {
	return func(cfg *openwork.Config) { cfg.Token, cfg.EncodingAESKey = token, key }
}

func allowOnly(corps ...string) func(*openwork.Config) {
	return func(cfg *openwork.Config) {
		cfg.AllowCorp = func(_ context.Context, corpID string) (bool, error) { return slices.Contains(corps, corpID), nil }
	}
}

func allowAll(cfg *openwork.Config) {
	cfg.AllowCorp = func(context.Context, string) (bool, error) { return true, nil }
}

func ofIndividual(cfg *openwork.Config) { cfg.AllowEmptyReceiveID = true }

type edits = []func(*openwork.Config)

// targets are the ways to configure a URL that differ in what is looked at
// after decryption. His captures are made with testKey.
var targets = []target{
	{name: "default"},
	{name: "SuiteID alone", edits: edits{withIDs(testSuiteID, "")}},
	{name: "ProviderCorpID alone", edits: edits{withIDs("", testProvider)}},
	{name: "AllowCorp alone", edits: edits{withIDs("", ""), allowOnly(testCorp)}},
	{name: "AllowCorp beside ids", edits: edits{allowOnly(testCorp)}},
	{name: "AllowCorp agrees to all", edits: edits{allowAll}},
	{name: "app of an individual", edits: edits{ofIndividual}},
	{name: "app of an individual, AllowCorp", edits: edits{ofIndividual, allowOnly(testCorp)}},
	{name: "key changed since", edits: edits{nowWith(testToken, otherKey), withPrevious(testToken, testKey)}},
	{name: "key is new", edits: edits{withPrevious(testToken, otherKey)}},
	{name: "Token changed since", edits: edits{nowWith(otherToken, testKey), withPrevious(testToken, testKey)}},
	{name: "pair changed since", edits: edits{nowWith(otherToken, otherKey), withPrevious(testToken, testKey)}},
	{name: "pair changed since, new Token known", token: otherToken,
		edits: edits{nowWith(otherToken, testKey), withPrevious(testToken, otherKey)}},
	{name: "Mux, one Token, first of two", beside: []edits{{withKey("b", otherKey)}}},
	{name: "Mux, one Token, last of two", beside: []edits{{withKey("b", otherKey)}}, last: true},
	{name: "Mux, one Token, last of three", beside: []edits{{withKey("b", otherKey)}, {withKey("c", thirdKey)}}, last: true},
	{name: "Mux, one Token, first of four", beside: []edits{{withKey("b", otherKey)}, {withKey("c", thirdKey)}, {withKey("d", fourthKey)}}},
	{name: "Mux, another Token beside", beside: []edits{{withKey("b", otherKey), nowWith(otherToken, otherKey)}}},
}

// targetsToTry is targets, and a few of them where time is short.
func targetsToTry() []target {
	if !isBrief() {
		return targets
	}
	return slices.DeleteFunc(slices.Clone(targets), func(s target) bool {
		return !slices.Contains([]string{"default", "AllowCorp beside ids", "app of an individual, AllowCorp", "key changed since",
			"Mux, one Token, first of two"}, s.name)
	})
}

// isBrief tells that expensive attacks are to be cut down.
func isBrief() bool { return underRace || testing.Short() }

// through is the kind with the Token that is known of the target.
func (s target) through(f envelopeKind) envelopeKind {
	f.token = s.token
	return f
}

func decodeBase64(text string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	return b, err == nil
}

// silent logs nothing.
var silent = slog.New(slog.DiscardHandler)
