package openwork_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// What the tests configure unless they say otherwise. The clock stands still at testNow.
const (
	testToken    = "QDG6eKtestToken"
	testKey      = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
	testSuiteID  = "ww1a2b3c4d5e6f7a8b"
	testProvider = "wwprovider00000001"
	testCorp     = "wpcustomer00000001"
)

var testNow = time.Unix(1_700_000_000, 0)

// fixture is a Server under test with a clock that stands still, a log that is kept, and a count of the pushes that
// reached a handler.
type fixture struct {
	*openwork.Server
	t     *testing.T
	clock *fakeClock
	log   *logBuffer
	cache *openwork.MemoryCache

	mu      sync.Mutex
	handled []string // names of the pushes that reached the catch-all handler, in order
}

// newFixture builds a Server from the usual configuration, after edits.
func newFixture(t *testing.T, edits ...func(*openwork.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &fakeClock{now: testNow}, log: &logBuffer{}, cache: openwork.NewMemoryCache()}
	cfg := openwork.Config{
		SuiteID:        testSuiteID,
		Token:          testToken,
		EncodingAESKey: testKey,
		ProviderCorpID: testProvider,
		Cache:          f.cache,
		Logger:         slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	cfg.SetClock(f.clock.Now)
	for _, edit := range edits {
		edit(&cfg)
	}
	server, err := openwork.NewServer(cfg)
	require.NoError(t, err)
	server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		f.mu.Lock()
		f.handled = append(f.handled, msg.Name())
		f.mu.Unlock()
		return next(msg)
	})
	f.Server = server
	return f
}

func (f *fixture) handledNames() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.handled...)
}

// do lets the Server answer through ServeHTTP.
func (f *fixture) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// requireRefused checks the status, the empty body, that no handler ran and that no ticket was stored.
func (f *fixture) requireRefused(status int, r *http.Request) {
	f.t.Helper()
	before := len(f.handledNames())
	ticketBefore, _ := f.Tickets().Ticket(context.Background(), testSuiteID)
	w := f.do(r)
	require.Equal(f.t, status, w.Code)
	require.Empty(f.t, w.Body.String())
	require.Len(f.t, f.handledNames(), before, "a handler ran")
	ticketAfter, _ := f.Tickets().Ticket(context.Background(), testSuiteID)
	require.Equal(f.t, ticketBefore, ticketAfter, "the ticket store changed")
}

// requireSuccess checks that the push is answered 200 success.
func (f *fixture) requireSuccess(r *http.Request) {
	f.t.Helper()
	w := f.do(r)
	require.Equal(f.t, http.StatusOK, w.Code, f.log.String())
	require.Equal(f.t, "success", w.Body.String())
}

// push is a valid push in parts; a test breaks one of them and calls request.
type push struct {
	Method    string // POST unless set
	Token     string
	Key       string
	ReceiveID string
	Plaintext string

	Timestamp string
	Nonce     string
	Signature string // computed unless set
	Encrypt   string // computed unless set
	Body      string // computed unless set
	RawQuery  string // computed unless set
	Header    http.Header
}

// newPush is a valid push of the plaintext to the command URL; edits break it.
func newPush(plaintext string, edits ...func(*push)) *push {
	p := &push{
		Method: http.MethodPost, Token: testToken, Key: testKey, ReceiveID: testSuiteID, Plaintext: plaintext,
		Timestamp: strconv.FormatInt(testNow.Unix(), 10), Nonce: "1372623149", Header: http.Header{},
	}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// newURLCheck is a valid GET whose echo is the given text, made for the provider's corpid.
func newURLCheck(echo string, edits ...func(*push)) *push {
	return newPush(echo, append([]func(*push){func(p *push) {
		p.Method = http.MethodGet
		p.ReceiveID = testProvider
	}}, edits...)...)
}

// parts fills in whatever is computed: ciphertext, signature, query and body.
func (p *push) parts() *push {
	c := *p
	if c.Encrypt == "" {
		c.Encrypt = refSeal(c.Key, []byte(c.Plaintext), c.ReceiveID)
	}
	if c.Signature == "" {
		c.Signature = refSign(c.Token, c.Timestamp, c.Nonce, c.Encrypt)
	}
	if c.RawQuery == "" {
		c.RawQuery = "msg_signature=" + url.QueryEscape(c.Signature) +
			"&timestamp=" + url.QueryEscape(c.Timestamp) + "&nonce=" + url.QueryEscape(c.Nonce)
		if c.Method == http.MethodGet {
			c.RawQuery += "&echostr=" + url.QueryEscape(c.Encrypt)
		}
	}
	if c.Body == "" && c.Method != http.MethodGet {
		c.Body = envelopeXML(c.ReceiveID, c.Encrypt)
	}
	return &c
}

// request is the HTTP request WeCom would send.
func (p *push) request() *http.Request {
	c := p.parts()
	r := httptest.NewRequest(c.Method, "/wecom/callback", strings.NewReader(c.Body))
	r.URL.RawQuery = c.RawQuery
	r.RequestURI = r.URL.RequestURI()
	for k, v := range c.Header {
		r.Header[k] = v
	}
	return r
}

func envelopeXML(toUserName, encrypt string) string {
	return "<xml><ToUserName><![CDATA[" + toUserName + "]]></ToUserName><AgentID><![CDATA[]]></AgentID>" +
		"<Encrypt><![CDATA[" + encrypt + "]]></Encrypt></xml>"
}

// element and document write plaintexts: document("InfoType", "create_auth", "AuthCode", "x").
func document(pairs ...string) string {
	var b strings.Builder
	b.WriteString("<xml>")
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%s>\n", pairs[i], pairs[i+1], pairs[i])
	}
	b.WriteString("</xml>")
	return b.String()
}

// command is the plaintext of an event on the command URL, with the usual head and more fields after it.
func command(infoType string, pairs ...string) string {
	return document(append([]string{
		"SuiteId", testSuiteID, "AuthCorpId", testCorp, "InfoType", infoType,
		"TimeStamp", strconv.FormatInt(testNow.Unix(), 10),
	}, pairs...)...)
}

// ticketXML is the plaintext of a suite_ticket push.
func ticketXML(suiteID, ticket string, at time.Time) string {
	return document("SuiteId", suiteID, "InfoType", "suite_ticket",
		"TimeStamp", strconv.FormatInt(at.Unix(), 10), "SuiteTicket", ticket)
}

// dataEvent is the plaintext of an event on the data URL.
func dataEvent(event string, pairs ...string) string {
	return document(append([]string{
		"ToUserName", testCorp, "FromUserName", "sys", "CreateTime", strconv.FormatInt(testNow.Unix(), 10),
		"MsgType", "event", "Event", event,
	}, pairs...)...)
}

// textMessage is the plaintext of a member's text message on the data URL.
func textMessage(content string) string {
	return document("ToUserName", testCorp, "FromUserName", "zhangsan",
		"CreateTime", strconv.FormatInt(testNow.Unix(), 10), "MsgType", "text", "Content", content,
		"MsgId", "4561255354251345929", "AgentID", "218")
}

// toCorp makes a push one of the data URL.
func toCorp(p *push) { p.ReceiveID = testCorp }

// The reference implementation of the scheme, written from the documentation and apart from the package under test.

func refKey(encodingAESKey string) []byte {
	key, err := base64.StdEncoding.DecodeString(encodingAESKey + "=")
	if err != nil || len(key) != 32 {
		panic("bad test key")
	}
	return key
}

// refFrame is the text before padding: 16 random bytes, length, message, receive id.
func refFrame(message []byte, receiveID string) []byte {
	frame := make([]byte, 16, 64+len(message))
	if _, err := rand.Read(frame); err != nil {
		panic(err)
	}
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(message)))
	frame = append(frame, message...)
	return append(frame, receiveID...)
}

func refPad(frame []byte) []byte {
	n := 32 - len(frame)%32
	return append(frame[:len(frame):len(frame)], bytes.Repeat([]byte{byte(n)}, n)...)
}

// refEncryptRaw encrypts bytes that are padded already.
func refEncryptRaw(encodingAESKey string, padded []byte) string {
	key := refKey(encodingAESKey)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(out, padded)
	return base64.StdEncoding.EncodeToString(out)
}

func refSeal(encodingAESKey string, message []byte, receiveID string) string {
	return refEncryptRaw(encodingAESKey, refPad(refFrame(message, receiveID)))
}

func refSign(token, timestamp, nonce, encrypt string) string {
	parts := []string{token, timestamp, nonce, encrypt}
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// refOpen decrypts without checking anything but shapes: for replies.
func refOpen(t *testing.T, encodingAESKey, encrypt string) (message, receiveID string) {
	t.Helper()
	key := refKey(encodingAESKey)
	data, err := base64.StdEncoding.DecodeString(encrypt)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	require.Zero(t, len(data)%32)
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(data, data)
	data = data[:len(data)-int(data[len(data)-1])]
	n := int(binary.BigEndian.Uint32(data[16:20]))
	return string(data[20 : 20+n]), string(data[20+n:])
}

// fakeClock is moved by hand.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *logBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

var _ io.Writer = (*logBuffer)(nil)
