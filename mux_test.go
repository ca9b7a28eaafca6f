package openwork_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The second and third app of the tests.
const (
	muxSuiteB, muxTokenB, muxKeyB = "ww9f8e7d6c5b4a3928", "AnotherTestToken", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
	muxCorpC, muxTokenC           = "wpcustomized0000001", "TokenOfACustomizedApp"
)

func suiteB(cfg *openwork.Config) {
	cfg.SuiteID, cfg.Token, cfg.EncodingAESKey = muxSuiteB, muxTokenB, muxKeyB
}

// toB makes a push one for the second app.
func toB(p *push) {
	p.Plaintext = strings.ReplaceAll(p.Plaintext, testSuiteID, muxSuiteB)
	p.ReceiveID, p.Token, p.Key = strings.ReplaceAll(p.ReceiveID, testSuiteID, muxSuiteB), muxTokenB, muxKeyB
}

// customizedC is a customized app of one corp, which only Resolve knows.
func customizedC(cfg *openwork.Config) {
	cfg.SuiteID, cfg.Token, cfg.EncodingAESKey, cfg.Name = "", muxTokenC, muxKeyB, "customized"
	cfg.AllowCorp = func(_ context.Context, corpID string) (bool, error) { return corpID == muxCorpC, nil }
}

func toC(p *push) {
	p.Plaintext = strings.ReplaceAll(p.Plaintext, testCorp, muxCorpC)
	p.ReceiveID, p.Token, p.Key = muxCorpC, muxTokenC, muxKeyB
}

// hinted sets the envelope's ToUserName, which nothing signs.
func hinted(hint string) func(*push) {
	return func(p *push) {
		c := p.parts()
		p.Signature, p.Encrypt, p.Body = c.Signature, c.Encrypt, envelopeXML(hint, c.Encrypt)
	}
}

// throughMux sends a request through a Mux at a path.
func throughMux(m *openwork.Mux, path string, r *http.Request) *httptest.ResponseRecorder {
	r.URL.Path = path
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w
}

func TestMux_SeveralSuitesOnOnePath(t *testing.T) {
	t.Parallel()
	for name, hint := range map[string]string{
		"its own": "own", "the other's": "other", "empty": "", "a corp's": testCorp, "the provider's": testProvider, "unknown": "wwnobody",
		"no id": "<>&", "very long": strings.Repeat("w", 5000),
	} {
		a, b := newFixture(t), newFixture(t, suiteB)
		var m openwork.Mux
		m.Add("/cb", a.Server, b.Server)
		hintFor := func(own, other string) string {
			return strings.NewReplacer("<>&", "&lt;&gt;&amp;").Replace(map[string]string{"own": own, "other": other}[hint] + map[bool]string{true: hint}[hint != "own" && hint != "other"])
		}
		for i, p := range []*push{
			newPush(command("create_auth", "AuthCode", "c"), hinted(hintFor(testSuiteID, muxSuiteB))),
			newPush(command("create_auth", "AuthCode", "c"), toB, hinted(hintFor(muxSuiteB, testSuiteID))),
			newPush(dataEvent("change_app_admin"), toCorp, toB, hinted(hintFor(muxSuiteB, testSuiteID))),
		} {
			w := throughMux(&m, "/cb", p.request())
			require.Equal(t, http.StatusOK, w.Code, "%s, push %d", name, i)
			require.Equal(t, "success", w.Body.String(), name)
		}
		require.Equal(t, []string{"create_auth"}, a.handledNames(), name)
		require.Equal(t, []string{"create_auth", "change_app_admin"}, b.handledNames(), name)
	}
}

// A reply comes back sealed with the pair of the app the message was for, and Serve does what ServeHTTP does.
func TestMux_ServeAndReplies(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB)
	b.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("from b"), nil })
	var m openwork.Mux
	m.Add("", a.Server, b.Server)
	resp, err := m.Serve(newPush(textMessage("hello"), toCorp, toB).request())
	require.NoError(t, err)
	_, encrypt, _ := strings.Cut(string(resp.Body), "<Encrypt><![CDATA[")
	encrypt, _, _ = strings.Cut(encrypt, "]]>")
	message, receiveID := refOpen(t, muxKeyB, encrypt)
	require.Contains(t, message, "from b")
	require.Equal(t, testCorp, receiveID)
	resp, err = m.Serve(newPush(command("create_auth"), func(p *push) { p.Token = "neither" }).request())
	require.Nil(t, resp)
	require.ErrorIs(t, err, openwork.ErrSignature)
	require.Equal(t, 403, openwork.StatusCode(err))
}

func TestH18_CrossedPushesOnOneMuxFailAlike(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB)
	var m, resolving openwork.Mux
	for _, mux := range []*openwork.Mux{&m, &resolving} {
		mux.Add("/a", a.Server)
		mux.Add("/b", b.Server)
		mux.Add("/both", a.Server, b.Server)
	}
	resolving.Resolve = func(context.Context, string) (*openwork.Server, error) { return nil, nil }
	plaintext := command("create_auth", "AuthCode", "c")
	rows := []struct {
		what, path string
		p          *push
	}{
		{"b's at a", "/a", newPush(plaintext, toB)},
		{"a's at b", "/b", newPush(plaintext)},
		{"b's at a, with a's hint", "/a", newPush(plaintext, toB, hinted(testSuiteID))},
		{"neither's token", "/both", newPush(plaintext, func(p *push) { p.Token = "neither" })},
		{"b's key under a's token", "/both", newPush(plaintext, func(p *push) { p.Key = muxKeyB })},
		{"a's token and key, b's receive id", "/both", newPush(plaintext, func(p *push) { p.ReceiveID = muxSuiteB })},
		{"a's token and key, b's suite id", "/both", newPush(strings.ReplaceAll(plaintext, testSuiteID, muxSuiteB))},
		{"a's token and key, b's push and hint", "/both", newPush(plaintext, toB, func(p *push) { p.Token, p.Key = testToken, testKey })},
		{"ticket of b in a's pair", "/both", newPush(ticketXML(muxSuiteB, "t", testNow))},
		{"stale", "/both", newPush(plaintext, func(p *push) { p.Timestamp = "1600000000" })},
		{"URL check of b at a", "/a", newURLCheck("echo", toB)},
		{"URL check of neither", "/both", newURLCheck("echo", func(p *push) { p.Token = "neither" })},
	}
	var first string
	for _, row := range rows {
		for name, mux := range map[string]*openwork.Mux{"plain": &m, "with Resolve": &resolving} {
			w := throughMux(mux, row.path, row.p.request())
			require.Equal(t, http.StatusForbidden, w.Code, "%s, %s", row.what, name)
			require.Empty(t, w.Body.String(), row.what)
			seen := fmt.Sprint(w.Code, w.Header(), w.Body.String())
			if first == "" {
				first = seen
			}
			require.Equal(t, first, seen, "%s, %s", row.what, name)
		}
	}
	require.Empty(t, a.handledNames())
	require.Empty(t, b.handledNames())
	for _, f := range []*fixture{a, b} {
		for _, id := range []string{testSuiteID, muxSuiteB} {
			_, err := f.Tickets().Ticket(context.Background(), id)
			require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)
		}
	}
}

// Providers like to use one Token for all their apps: then the key decides.
func TestMux_OneTokenTwoKeys(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB, func(cfg *openwork.Config) { cfg.Token = testToken })
	var m openwork.Mux
	m.Add("", a.Server, b.Server)
	withToken := func(p *push) { p.Token = testToken }
	for name, p := range map[string]*push{
		"command":    newPush(command("create_auth"), toB, withToken),
		"data event": newPush(dataEvent("change_app_admin"), toCorp, toB, withToken),
		"URL check":  newURLCheck("echo", toB, withToken),
	} {
		require.Equal(t, 200, throughMux(&m, "/", p.request()).Code, name)
	}
	require.Len(t, b.handledNames(), 2)
}

func TestMux_ByPath(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB)
	c := newFixture(t, customizedC)
	var m openwork.Mux
	unknownBefore := throughMux(&m, "/a", newPush(command("create_auth")).request())
	require.Equal(t, http.StatusNotFound, unknownBefore.Code, "the zero Mux serves nothing")
	m.Add("/a", a.Server)
	m.Add("/b", b.Server, a.Server) // one Server may be at several paths
	send := func(path string, edits ...func(*push)) int {
		return throughMux(&m, path, newPush(command("create_auth", "AuthCode", path), edits...).request()).Code
	}
	require.Equal(t, 200, send("/a"))
	require.Equal(t, 200, send("/b"))
	require.Equal(t, 200, send("/b", toB))
	require.Equal(t, 403, send("/a", toB))
	for _, path := range []string{"/", "", "/a/", "/A", "/c"} {
		require.Equal(t, http.StatusNotFound, send(path), path)
	}
	r := newPush(command("create_auth")).request()
	r.URL.Path = "/c"
	_, err := m.Serve(r)
	require.ErrorIs(t, err, openwork.ErrUnknownApp)
	m.Add("", c.Server) // for every path without Servers of its own
	w := throughMux(&m, "/c", newPush(dataEvent("change_app_admin"), toC).request())
	require.Equal(t, 200, w.Code)
	require.Equal(t, 403, send("/c"), "the others are not at that path")
	require.Equal(t, 403, throughMux(&m, "/a", newPush(dataEvent("change_app_admin"), toC).request()).Code)
	require.Equal(t, []string{"create_auth", "create_auth"}, a.handledNames())
	require.Equal(t, []string{"create_auth"}, b.handledNames())
	require.Equal(t, []string{"change_app_admin"}, c.handledNames())
}

func TestMux_UnknownPathSaysNothing(t *testing.T) {
	t.Parallel()
	var m openwork.Mux
	m.Add("/a", newFixture(t).Server)
	w := throughMux(&m, "/b", newPush(command("create_auth")).request())
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Empty(t, w.Body.String(), "failure bodies are always empty: WeCom shows them to the customer")
	r := newPush(command("create_auth")).request()
	r.URL.Path = "/b"
	_, err := m.Serve(r)
	require.Equal(t, http.StatusNotFound, openwork.StatusCode(err), "Serve and ServeHTTP must agree")
}

func TestMux_ShapesAreCheckedOnASharedPath(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB)
	var m openwork.Mux
	m.Add("", a.Server, b.Server)
	rows := map[string]struct {
		edit   func(*push)
		status int
	}{
		"valid":        {func(*push) {}, 200},
		"method":       {func(p *push) { p.Method = http.MethodPut }, 405},
		"query":        {func(p *push) { p.Nonce = "=" }, 400},
		"no Encrypt":   {func(p *push) { p.Body = "<xml></xml>" }, 400},
		"compressed":   {func(p *push) { p.Header.Set("Content-Encoding", "gzip") }, 415},
		"too large":    {func(p *push) { p.Body = strings.Repeat(" ", 1<<20+1) }, 413},
		"inner no XML": {func(p *push) { p.Plaintext = "no" }, 400},
	}
	for name, row := range rows {
		w := throughMux(&m, "/", newPush(command("create_auth"), toB, row.edit).request())
		require.Equal(t, row.status, w.Code, name)
		if row.status != 200 {
			require.Empty(t, w.Body.String(), name)
		}
		require.Equal(t, row.status == 405, w.Header().Get("Allow") != "", name)
	}
}

func TestMux_URLChecksOnASharedPath(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB)
	var m openwork.Mux
	m.Add("/cb", a.Server, b.Server)
	for name, p := range map[string]*push{
		"a, provider": newURLCheck("echo1"), "a, suite": newURLCheck("echo1", func(p *push) { p.ReceiveID = testSuiteID }),
		"b, provider": newURLCheck("echo1", toB), "b, suite": newURLCheck("echo1", func(p *push) { p.ReceiveID = testSuiteID }, toB),
	} {
		w := throughMux(&m, "/cb", p.request())
		require.Equal(t, 200, w.Code, name)
		require.Equal(t, "echo1", w.Body.String(), name)
	}
	captured := newURLCheck(command("create_auth"), toB, func(p *push) { p.ReceiveID = muxSuiteB })
	require.Equal(t, 403, throughMux(&m, "/cb", captured.request()).Code)
}

func TestMux_Resolve(t *testing.T) {
	t.Parallel()
	a, c := newFixture(t), newFixture(t, customizedC)
	boom := errors.New("database down: SECRET")
	rows := map[string]struct {
		p      *push
		server *openwork.Server
		err    error
		asked  []string
		status int
	}{
		"found":                   {newPush(dataEvent("x"), toC), c.Server, nil, []string{muxCorpC}, 200},
		"not found":               {newPush(dataEvent("x"), toC), nil, nil, []string{muxCorpC}, 403},
		"found, other's token":    {newPush(dataEvent("x"), toC, func(p *push) { p.Token = "neither" }), c.Server, nil, []string{muxCorpC}, 403},
		"found, other's key":      {newPush(dataEvent("x"), toC, func(p *push) { p.Key = testKey }), c.Server, nil, []string{muxCorpC}, 403},
		"found, for another corp": {newPush(dataEvent("x"), toC, func(p *push) { p.ReceiveID = testCorp }), c.Server, nil, []string{testCorp}, 403},
		"hint lies":               {newPush(dataEvent("x"), toC, hinted(testCorp)), nil, nil, []string{testCorp}, 403},
		"error":                   {newPush(dataEvent("x"), toC), nil, boom, []string{muxCorpC}, 500},
		"error wins":              {newPush(dataEvent("x"), toC), c.Server, boom, []string{muxCorpC}, 500},
		"an added one verifies":   {newPush(dataEvent("x"), toCorp), nil, boom, nil, 200},
		"hint is no id":           {newPush(dataEvent("x"), toC, hinted("a b")), c.Server, nil, nil, 403},
		"no hint":                 {newPush(dataEvent("x"), toC, hinted("")), c.Server, nil, nil, 403},
		"malformed":               {newPush(dataEvent("x"), toC, func(p *push) { p.Nonce = "+" }), c.Server, nil, nil, 400},
	}
	for name, row := range rows {
		var asked []string
		m := openwork.Mux{Resolve: func(_ context.Context, toUserName string) (*openwork.Server, error) {
			asked = append(asked, toUserName)
			return row.server, row.err
		}}
		m.Add("/", a.Server)
		w := throughMux(&m, "/", row.p.request())
		require.Equal(t, row.status, w.Code, name)
		require.Equal(t, row.status == 200, w.Body.String() == "success", name)
		require.Equal(t, row.asked, asked, name)
		if row.status != 200 {
			require.Empty(t, w.Body.String(), name)
		}
	}
	require.Equal(t, []string{"x"}, c.handledNames())
}

// What Resolve does wrong is answered 500, with one line in the log that names it.
func TestMux_ResolveMisbehaves(t *testing.T) {
	t.Parallel()
	namesake := newFixture(t, customizedC, func(cfg *openwork.Config) { cfg.Name = testSuiteID })
	rows := map[string]struct {
		resolve func() (*openwork.Server, error)
		says    string
	}{
		"panic":                  {func() (*openwork.Server, error) { panic("oops") }, "oops"},
		"panic error":            {func() (*openwork.Server, error) { panic(io.ErrUnexpectedEOF) }, io.ErrUnexpectedEOF.Error()},
		"Goexit":                 {func() (*openwork.Server, error) { runtime.Goexit(); return nil, nil }, "Goexit"},
		"error":                  {func() (*openwork.Server, error) { return nil, io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF.Error()},
		"an added Server's Name": {func() (*openwork.Server, error) { return namesake.Server, nil }, testSuiteID},
	}
	for name, row := range rows {
		seen := &observations{}
		a := newFixture(t, seen.watch)
		m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { return row.resolve() }}
		m.Add("/", a.Server)
		before := len(a.log.String())
		w, ended := httptest.NewRecorder(), make(chan struct{})
		w.Code = 0  // nothing was answered
		go func() { // a goroutine that Goexit may end
			defer close(ended)
			defer func() { _ = recover() }()
			w = throughMux(&m, "/", newPush(dataEvent("x"), toC).request())
		}()
		<-ended
		require.Equal(t, http.StatusInternalServerError, w.Code, name)
		require.Empty(t, w.Body.String(), name)
		said := a.log.String()[before:]
		require.Equal(t, 1, strings.Count(said, "\n"), "%s: %s", name, said)
		require.Contains(t, said, "Mux.Resolve", name)
		require.Contains(t, said, row.says, name)
		all := seen.take()
		require.Len(t, all, 1, name)
		require.Equal(t, openwork.OutcomeFailed, all[0].Outcome, name)
	}
	require.Empty(t, namesake.handledNames())
}

// Who runs several apps on one path wants to see a refusal where the app is that it seems to be for.
func TestMux_RefusalsGoToTheHintedServer(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		hint  string
		toTwo bool
	}{
		"the first": {testSuiteID, false}, "the second": {muxSuiteB, true}, "nobody": {"wwnobody", false}, "no hint": {"", false},
	} {
		seenA, seenB := &observations{}, &observations{}
		a, b := newFixture(t, seenA.watch), newFixture(t, suiteB, seenB.watch)
		m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { return nil, nil }}
		m.Add("", a.Server, b.Server)
		p := newPush(command("create_auth"), func(p *push) { p.Token = "neither" }, hinted(row.hint))
		require.Equal(t, 403, throughMux(&m, "/", p.request()).Code, name)
		for f, seen := range map[*fixture]*observations{a: seenA, b: seenB} {
			want := 0
			if row.toTwo == (f == b) {
				want = 1
			}
			require.Equal(t, want, strings.Count(f.log.String(), "push refused"), name)
			require.Len(t, seen.take(), want, name)
		}
	}
}

// Whoever sends made-up names fills no memory and forgets no more than others' answers.
func TestMux_ResolveIsBounded(t *testing.T) {
	t.Parallel()
	calls := map[string]int{}
	m := openwork.Mux{Resolve: func(_ context.Context, name string) (*openwork.Server, error) { calls[name]++; return nil, nil }}
	const names = 10_500
	ask := func(i int) {
		d := delivered(fmt.Sprintf("wp%d", i), "1")
		require.ErrorIs(t, m.Process(context.Background(), d), openwork.ErrUnknownApp)
	}
	for i := range names {
		ask(i)
	}
	require.Len(t, calls, names+1, "each corp, and the suite that all were made for")
	for i := range names {
		ask(i)
	}
	again := 0
	for _, n := range calls {
		again += n - 1
	}
	require.GreaterOrEqual(t, again, 500, "more than 10 000 names were remembered")
}

// A Mux without Servers of its own logs its refusals as sparingly as a Server does. Not parallel: it sets slog's default.
func TestMux_RefusalLinesAreLimited(t *testing.T) {
	log := &logBuffer{}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	defer slog.SetDefault(before)
	m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { return nil, nil }}
	r := newPush(dataEvent("x"), toC, func(p *push) { p.Nonce = "+" })
	for range 1000 {
		require.Equal(t, 400, throughMux(&m, "/", r.request()).Code)
	}
	lines := strings.Count(log.String(), "push refused")
	require.Positive(t, lines)
	require.LessOrEqual(t, lines, 300, "who floods it fills the disk")
}

// A URL that no app is configured for leaves a line: else nobody would find out. Not parallel: it sets slog's default.
func TestMux_UnknownPathLeavesALine(t *testing.T) {
	log := &logBuffer{}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, nil)))
	defer slog.SetDefault(before)
	var m openwork.Mux
	m.Add("/a", newFixture(t).Server)
	require.Equal(t, 404, throughMux(&m, "/b", newPush(command("create_auth")).request()).Code)
	require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	require.Contains(t, log.String(), "/b")
	for range 1000 {
		throughMux(&m, "/"+strings.Repeat("b", 10_000), newPush(command("create_auth")).request())
	}
	require.Less(t, len(log.String()), 100_000, "who floods it fills the disk")
}

func TestMux_AddAndRemoveWhileServing(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t), newFixture(t, suiteB)
	var m openwork.Mux
	m.Add("/cb", a.Server)
	stop := make(chan struct{})
	var changes, senders sync.WaitGroup
	changes.Add(1)
	go func() {
		defer changes.Done()
		for {
			m.Add("/cb", b.Server)
			m.Add("", b.Server)
			m.Remove(muxSuiteB)
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	var served atomic.Int64
	for sender := range 8 {
		senders.Add(1)
		go func() {
			defer senders.Done()
			for n := range 200 {
				state := fmt.Sprintf("%d-%d", sender, n) // no copies of each other
				p := newPush(command("change_auth", "State", state))
				assert.Equal(t, 200, throughMux(&m, "/cb", p.request()).Code, "one that stays is always served")
				switch code := throughMux(&m, "/cb", newPush(command("change_auth", "State", state), toB).request()).Code; code {
				case 200:
					served.Add(1)
				default:
					assert.Equal(t, 403, code)
				}
				err := m.Process(context.Background(), openwork.Delivery{App: muxSuiteB, Plaintext: []byte("no")})
				assert.True(t, errors.Is(err, openwork.ErrUnknownApp) || errors.Is(err, openwork.ErrMalformed), err)
			}
		}()
	}
	senders.Wait()
	close(stop)
	changes.Wait()
	require.Equal(t, 403, throughMux(&m, "/cb", newPush(command("change_auth"), toB).request()).Code)
	require.Equal(t, 404, throughMux(&m, "/other", newPush(command("change_auth"), toB).request()).Code)
	m.Remove("never added")
	m.Add("/cb", b.Server)
	require.Equal(t, 200, throughMux(&m, "/cb", newPush(command("change_auth"), toB).request()).Code)
	_ = served.Load() // how often depends on the schedule; that it may is what the race detector watches
}

func TestMux_Process(t *testing.T) {
	t.Parallel()
	a, b, c := newFixture(t), newFixture(t, suiteB), newFixture(t, customizedC)
	down := false
	m := openwork.Mux{Keep: time.Nanosecond, Resolve: func(_ context.Context, corp string) (*openwork.Server, error) {
		if down {
			return nil, io.ErrUnexpectedEOF
		}
		if corp == muxCorpC {
			return c.Server, nil
		}
		return nil, nil
	}}
	m.Add("/a", a.Server)
	m.Add("", b.Server)
	d := delivered(testCorp, "1")
	require.NoError(t, m.Process(context.Background(), d))
	d.App = muxSuiteB
	require.NoError(t, m.Process(context.Background(), d))
	d.App = "customized"
	require.ErrorIs(t, m.Process(context.Background(), d), openwork.ErrUnknownApp, "another corp's")
	d.CorpID = muxCorpC
	require.NoError(t, m.Process(context.Background(), d))
	down = true
	require.NoError(t, m.Process(context.Background(), d), "the one that is known serves on")
	d.App = "another"
	err := m.Process(context.Background(), d)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, err, openwork.ErrUnknownApp, "a database that is down says nothing about the app")
	down = false
	d.App = ""
	require.ErrorIs(t, m.Process(context.Background(), d), openwork.ErrUnknownApp)
	for _, f := range []*fixture{a, b, c} {
		require.Equal(t, []string{"change_auth"}, f.handledNames())
	}
	m.Remove(testSuiteID)
	require.ErrorIs(t, m.Process(context.Background(), delivered(testCorp, "2")), openwork.ErrUnknownApp)
	require.ErrorIs(t, new(openwork.Mux).Process(context.Background(), d), openwork.ErrUnknownApp)
}

func TestMux_OneQueueForAll(t *testing.T) {
	t.Parallel()
	q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{})
	queued := func(cfg *openwork.Config) { cfg.Queue = q }
	a, b := newFixture(t, queued), newFixture(t, suiteB, queued)
	var m openwork.Mux
	m.Add("", a.Server, b.Server)
	for range 2 {
		require.Equal(t, 200, throughMux(&m, "/", newPush(command("create_auth")).request()).Code)
		require.Equal(t, 200, throughMux(&m, "/", newPush(command("create_auth"), toB).request()).Code)
	}
	require.Equal(t, 2, q.Depth())
	q.Start(m.Process)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, q.Shutdown(ctx))
	require.Equal(t, []string{"create_auth"}, a.handledNames())
	require.Equal(t, []string{"create_auth"}, b.handledNames())
}

// A failure that a Server would answer with a broken connection, the Mux in front of it does too.
func TestMux_AbortOnFailure(t *testing.T) {
	t.Parallel()
	a := newFixture(t, func(cfg *openwork.Config) { cfg.AbortOnFailure = true })
	m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { return nil, errors.New("down") }}
	m.Add("", a.Server)
	a.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
		return openwork.Success, io.ErrUnexpectedEOF
	})
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { throughMux(&m, "/", newPush(command("create_auth")).request()) })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { throughMux(&m, "/", newPush(dataEvent("x"), toC).request()) }, "Resolve failed")
}

// As X13, for a path with one Server and for one with several: the deadline is there, and is lifted once the body is read.
func TestX13_SlowBodyThroughMux(t *testing.T) {
	t.Parallel()
	a, b := newFixture(t, func(cfg *openwork.Config) { cfg.HandlerTimeout = 10 * time.Second }), newFixture(t, suiteB)
	var m openwork.Mux
	m.Add("/one", a.Server)
	m.Add("/two", a.Server, b.Server)
	server := httptest.NewServer(&m)
	t.Cleanup(server.Close)
	for _, path := range []string{"/one", "/two"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			p := newPush(command("change_contact")).parts()
			began := time.Now()
			fmt.Fprintf(conn, "POST %s?%s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<x", path, p.RawQuery)
			require.NoError(t, conn.SetReadDeadline(began.Add(10*time.Second)))
			answer, err := io.ReadAll(conn)
			require.NoError(t, err, "the connection must be closed")
			require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.1 408 ")), "%q", answer)
			require.True(t, bytes.HasSuffix(answer, []byte("\r\n\r\n")), "%q", answer)
			require.Less(t, time.Since(began), 5*time.Second)
		})
		t.Run(path+" in time, handled for longer", func(t *testing.T) {
			t.Parallel()
			p := newPush(command("change_contact", "ChangeType", "create_user", "State", path)).parts()
			resp, err := http.Post(server.URL+path+"?"+p.RawQuery, "text/xml", strings.NewReader(p.Body))
			require.NoError(t, err)
			defer resp.Body.Close()
			require.Equal(t, 200, resp.StatusCode)
		})
	}
	a.HandleContactChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		select {
		case <-msg.Context().Done(): // the deadline of the body must not end the request
			return openwork.Success, msg.Context().Err()
		case <-time.After(2700 * time.Millisecond):
			return next(msg)
		}
	})
}

func TestMux_AddPanics(t *testing.T) {
	t.Parallel()
	server := func(i int) *openwork.Server {
		return newFixture(t, func(cfg *openwork.Config) { cfg.Name = fmt.Sprint("app", i) }).Server
	}
	first := server(0)
	rows := map[string]struct {
		path    string
		servers []*openwork.Server
	}{
		"nil":                      {"/b", []*openwork.Server{nil}},
		"nil among others":         {"/b", []*openwork.Server{server(1), nil}},
		"the same, same path":      {"/a", []*openwork.Server{first}},
		"one Name, same path":      {"/a", []*openwork.Server{server(0)}},
		"one Name, another path":   {"/b", []*openwork.Server{server(0)}},
		"one Name, in one call":    {"/b", []*openwork.Server{server(2), server(2)}},
		"one Server, in one call":  {"/b", []*openwork.Server{first, first}},
		"more than 64 on one path": {"/b", nil},
	}
	for i := range 65 {
		row := rows["more than 64 on one path"]
		row.servers = append(row.servers, server(100+i))
		rows["more than 64 on one path"] = row
	}
	for name, row := range rows {
		var m openwork.Mux
		m.Add("/a", first)
		require.Panics(t, func() { m.Add(row.path, row.servers...) }, name)
		require.Equal(t, 404, throughMux(&m, "/b", newPush(command("x")).request()).Code, "%s: nothing of it was added", name)
		require.Equal(t, 200, throughMux(&m, "/a", newPush(command("x")).request()).Code, "%s: it serves on", name)
		m.Add("/c", server(3))
	}
	var m openwork.Mux
	require.NotPanics(t, func() { m.Add("/b", rows["more than 64 on one path"].servers[:64]...) })
	require.Equal(t, 200, throughMux(&m, "/b", newPush(command("x")).request()).Code)
}

// The first pushes of a corp arrive together: none is refused because another one's question was answered just now.
func TestMux_FirstPushesOfACorpTogether(t *testing.T) {
	t.Parallel()
	a, customized := newFixture(t, withBudget(time.Minute)), newFixture(t, customizedC, withBudget(time.Minute))
	requests := make([]func() *http.Request, 16)
	for i := range requests {
		requests[i] = newPush(dataEvent("x", "N", strconv.Itoa(i)), toC).parts().request
	}
	for range 200 {
		m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) { return customized.Server, nil }}
		m.Add("/", a.Server)
		var refused atomic.Int64
		start := make(chan struct{})
		var all sync.WaitGroup
		for _, request := range requests {
			all.Add(1)
			go func() {
				defer all.Done()
				r := request()
				<-start
				if throughMux(&m, "/", r).Code != http.StatusOK {
					refused.Add(1)
				}
			}()
		}
		close(start)
		all.Wait()
		require.Zero(t, refused.Load())
	}
}

// A URL check names no corp, so a Server that only Resolve would make can't
// answer it. The line says that, and names no app that has nothing to do with it.
func TestMux_URLCheckThatOnlyAResolvedServerCouldAnswer(t *testing.T) {
	t.Parallel()
	f, customized := newFixture(t), newFixture(t, customizedC)
	m := openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) {
		t.Error("asked, though the check names no corp")
		return customized.Server, nil
	}}
	m.Add("", f.Server)
	_, err := m.Serve(newURLCheck("1616140317555161061", toC).request())
	require.ErrorIs(t, err, openwork.ErrSignature)
	var why *openwork.RefusedError
	require.ErrorAs(t, err, &why)
	require.Equal(t, openwork.CheckResolve, why.Check)
	require.Equal(t, http.StatusForbidden, openwork.StatusCode(err))
	require.Empty(t, f.log.String(), "it is not this one's")

	m.Add("", customized.Server)
	resp, err := m.Serve(newURLCheck("1616140317555161061", toC).request())
	require.NoError(t, err)
	require.Equal(t, "1616140317555161061", string(resp.Body))
}

func TestMux_UnknownPathNamesTheRightOnes(t *testing.T) {
	t.Parallel()
	var m openwork.Mux
	_, err := m.Serve(newPush(command("change_auth")).request())
	require.ErrorContains(t, err, `path "/wecom/callback", but there are Servers at none`)
	m.Add("/b", newFixture(t, suiteB).Server)
	m.Add("/a", newFixture(t).Server)
	_, err = m.Serve(newPush(command("change_auth")).request())
	require.ErrorIs(t, err, openwork.ErrUnknownApp)
	require.ErrorContains(t, err, `path "/wecom/callback", but there are Servers at "/a", "/b"`)
	for i := range 20 {
		m.Add(fmt.Sprintf("/c%02d", i), newFixture(t, func(cfg *openwork.Config) { cfg.Name = fmt.Sprint(i) }).Server)
	}
	_, err = m.Serve(newPush(command("change_auth")).request())
	require.ErrorContains(t, err, `"/c07", …`)
	require.NotContains(t, err.Error(), `"/c08"`)
}
