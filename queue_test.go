package openwork_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// queueFunc is a Queue made of a function.
type queueFunc func(context.Context, openwork.Delivery) error

func (f queueFunc) Enqueue(ctx context.Context, d openwork.Delivery) error { return f(ctx, d) }

// keptQueue keeps what it was given, and can tell how much.
type keptQueue struct {
	mu         sync.Mutex
	deliveries []openwork.Delivery
}

func (q *keptQueue) Enqueue(_ context.Context, d openwork.Delivery) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.deliveries = append(q.deliveries, d)
	return nil
}

func (q *keptQueue) all() []openwork.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.deliveries)
}

// countedClaims is a Claimer outside the process, as far as a Server can tell, that counts its calls.
type countedClaims struct {
	openwork.Claimer
	claims atomic.Int64
}

func (c *countedClaims) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	c.claims.Add(1)
	return c.Claimer.Claim(ctx, key, owner, lease)
}

// corpCommand is the plaintext of a command push of some corp.
func corpCommand(corp, infoType string, pairs ...string) string {
	return strings.ReplaceAll(command(infoType, pairs...), testCorp, corp)
}

// delivered is a delivery of some corp with an ID.
func delivered(corp, id string) openwork.Delivery {
	return openwork.Delivery{ID: id, App: testSuiteID, CorpID: corp, Name: "change_auth", Time: testNow,
		Plaintext: []byte(corpCommand(corp, "change_auth", "State", id)), ReceiveID: testSuiteID}
}

// ids are the IDs of deliveries.
func ids(deliveries []openwork.Delivery) []string {
	list := make([]string, 0, len(deliveries))
	for _, d := range deliveries {
		list = append(list, d.ID)
	}
	return list
}

func TestQueue_WhichPushesGoThere(t *testing.T) {
	t.Parallel()
	providerEvent := document("ServiceCorpId", testProvider, "InfoType", "register_corp", "TimeStamp", "1700000000", "State", "s")
	toProvider := func(p *push) { p.ReceiveID = testProvider }
	onlyMessages := func(m *openwork.Message) bool { return m.MsgType == "text" }
	rows := map[string]struct {
		plaintext string
		edit      func(*push)
		async     func(*openwork.Message) bool
		want      bool
		corp      string
	}{
		"authorisation":                 {command("create_auth", "AuthCode", "c"), func(*push) {}, nil, true, testCorp},
		"contact change":                {command("change_contact", "ChangeType", "create_user"), func(*push) {}, nil, true, testCorp},
		"unknown command":               {command("not_invented_yet"), func(*push) {}, nil, true, testCorp},
		"suite_ticket":                  {ticketXML(testSuiteID, "ticket", testNow), func(*push) {}, nil, true, ""},
		"event of the data URL":         {dataEvent("change_app_admin"), toCorp, nil, true, testCorp},
		"system event":                  {providerEvent, toProvider, nil, true, ""},
		"message":                       {textMessage("hello"), toCorp, nil, false, testCorp},
		"message that Async sends":      {textMessage("hello"), toCorp, onlyMessages, true, testCorp},
		"authorisation that Async does": {command("create_auth", "AuthCode", "c"), func(*push) {}, onlyMessages, false, testCorp},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &keptQueue{}
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue, cfg.Async, cfg.Name = q, row.async, "shop" })
			p := newPush(row.plaintext, row.edit)
			f.requireSuccess(p.request())
			deliveries := q.all()
			if !row.want {
				require.Empty(t, deliveries)
				require.Len(t, f.handledNames(), 1)
				return
			}
			require.Len(t, deliveries, 1)
			require.Empty(t, f.handledNames(), "a handler ran before the answer")
			d := deliveries[0]
			assert.Equal(t, "shop", d.App)
			assert.Equal(t, row.corp, d.CorpID)
			assert.Equal(t, p.ReceiveID, d.ReceiveID)
			assert.Equal(t, row.plaintext, string(d.Plaintext))
			assert.True(t, testNow.Equal(d.Time), d.Time)
			require.NoError(t, f.Process(context.Background(), d))
			require.Equal(t, []string{d.Name}, f.handledNames())
			if name == "suite_ticket" {
				ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
				require.NoError(t, err, "the ticket must be kept at once")
				require.Equal(t, "ticket", ticket.Value)
			}
		})
	}
}

func TestQueue_RefusedPushesAndURLChecksDoNotGoThere(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		r      *http.Request
		status int
	}{
		"signature":  {newPush(command("create_auth"), func(p *push) { p.Token = "other" }).request(), 403},
		"receive id": {newPush(command("create_auth"), func(p *push) { p.ReceiveID = "wwother" }).request(), 403},
		"message":    {newPush("not XML").request(), 400},
		"URL check":  {newURLCheck("echo").request(), 200},
	}
	for name, row := range rows {
		q := &keptQueue{}
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue, cfg.Async = q, func(*openwork.Message) bool { return true } })
		require.Equal(t, row.status, f.do(row.r).Code, name)
		require.Empty(t, q.all(), name)
	}
}

func TestQueue_IDIsTheSameForCopiesOnly(t *testing.T) {
	t.Parallel()
	idsOf := func(edit func(*openwork.Config), pushes ...*push) []string {
		q := &keptQueue{}
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q; edit(cfg) })
		for _, p := range pushes {
			f.requireSuccess(p.request())
		}
		return ids(q.all())
	}
	plain := func(*openwork.Config) {}
	first := newPush(command("create_auth", "AuthCode", "secret-code"))
	retry := newPush(first.Plaintext, func(p *push) { p.Nonce, p.Timestamp = "99", strconv.FormatInt(testNow.Unix()+5, 10) })
	other := newPush(command("create_auth", "AuthCode", "other-code"))
	list := idsOf(plain, first, retry, other)
	require.Len(t, list, 3)
	assert.NotEmpty(t, list[0])
	assert.Equal(t, list[0], list[1])
	assert.NotEqual(t, list[0], list[2])
	assert.NotContains(t, list[0], "secret-code")
	assert.Equal(t, list, idsOf(plain, first, retry, other), "replicas must agree")
	assert.NotEqual(t, list[0], idsOf(func(cfg *openwork.Config) { cfg.Name = "another" }, first)[0])
	assert.Equal(t, []string{"", ""}, idsOf(func(cfg *openwork.Config) { cfg.NoDedupe = true }, first, retry))
	assert.Equal(t, []string{""}, idsOf(func(cfg *openwork.Config) {
		cfg.DedupeKey = func(*openwork.Message) string { return "" }
	}, first))
	ticket := newPush(ticketXML(testSuiteID, "ticket", testNow))
	assert.Equal(t, []string{"", ""}, idsOf(plain, ticket, ticket), "suite_ticket is exempt")
}

func TestQueue_OnlyTheWorkerClaims(t *testing.T) {
	t.Parallel()
	q, claims := &keptQueue{}, &countedClaims{Claimer: openwork.NewMemoryCache()}
	f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue, cfg.Claims = q, claims })
	p := newPush(command("create_auth", "AuthCode", "c"))
	f.requireSuccess(p.request())
	f.requireSuccess(p.request())
	require.Zero(t, claims.claims.Load())
	for _, d := range q.all() {
		require.NoError(t, f.Process(context.Background(), d))
	}
	require.Positive(t, claims.claims.Load())
	require.Equal(t, []string{"create_auth"}, f.handledNames())
}

func TestQueue_FailureIsNeverSuccess(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		queue  queueFunc
		status int
	}{
		"error":        {func(context.Context, openwork.Delivery) error { return errors.New("down") }, 500},
		"closed":       {func(context.Context, openwork.Delivery) error { return openwork.ErrQueueClosed }, 500},
		"full":         {func(context.Context, openwork.Delivery) error { return openwork.ErrQueueFull }, 503},
		"full wrapped": {func(context.Context, openwork.Delivery) error { return fmt.Errorf("redis: %w", openwork.ErrQueueFull) }, 503},
		// What a queue says must not be taken for a refusal of the push.
		"another's refusal": {func(context.Context, openwork.Delivery) error { return openwork.ErrSignature }, 500},
		"panic":             {func(context.Context, openwork.Delivery) error { panic("broken") }, 500},
		"Goexit":            {func(context.Context, openwork.Delivery) error { runtime.Goexit(); return nil }, 500},
	}
	for name, row := range rows {
		for _, abort := range []bool{false, true} {
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue, cfg.AbortOnFailure = row.queue, abort })
			r := newPush(command("create_auth", "AuthCode", "c")).request()
			if abort {
				require.PanicsWithValue(t, http.ErrAbortHandler, func() { f.do(r) }, name)
			} else {
				w := f.do(r)
				require.Equal(t, row.status, w.Code, name)
				require.Empty(t, w.Body.String(), name)
			}
			require.Empty(t, f.handledNames(), name)
			// A refusal is answered all the same, and so is what does not go to the queue.
			f.requireRefused(403, newPush(command("create_auth"), func(p *push) { p.Token = "other" }).request())
			f.requireSuccess(newPush(textMessage("hello"), toCorp).request())
		}
	}
}

func TestProcess_RunsTheChainThatServeRuns(t *testing.T) {
	t.Parallel()
	type seen struct{ steps []string }
	build := func(q openwork.Queue) (*fixture, *seen) {
		var s seen
		note := func(step string) openwork.Handler {
			return func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				s.steps = append(s.steps, strings.Join([]string{step, msg.App, msg.CorpID, msg.ReceiveID, msg.Name(), msg.SuiteID,
					msg.Get("UserID"), msg.Time.UTC().String(), string(msg.Raw())}, "|"))
				return next(msg)
			}
		}
		f := newFixture(t, func(cfg *openwork.Config) { cfg.Name, cfg.Queue = "shop", q })
		f.HandleContactChanged(note("family"))
		openwork.On(f.Server, func(msg *openwork.Message, e *event.CreateUser, next openwork.Next) (openwork.Reply, error) {
			s.steps = append(s.steps, "typed "+e.UserID)
			return next(msg)
		})
		f.HandleAuthCreated(note("never"))
		f.With(note("last"))
		return f, &s
	}
	plaintext := command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan")
	at, served := build(nil)
	at.requireSuccess(newPush(plaintext).request())
	require.Len(t, served.steps, 3)
	q := &keptQueue{}
	worker, processed := build(q)
	worker.requireSuccess(newPush(plaintext).request())
	require.Empty(t, processed.steps)
	require.NoError(t, worker.Process(context.Background(), q.all()[0]))
	require.Equal(t, served.steps, processed.steps)
}

func TestProcess_Once(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	replica := newFixture(t, func(cfg *openwork.Config) { cfg.Cache = f.cache })
	fail := true
	f.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		if fail {
			return openwork.Success, io.ErrUnexpectedEOF
		}
		return next(msg)
	})
	d := delivered(testCorp, "1")
	require.ErrorIs(t, f.Process(context.Background(), d), io.ErrUnexpectedEOF)
	fail = false
	require.NoError(t, f.Process(context.Background(), d))
	require.Len(t, f.handledNames(), 2, "one that failed runs again")
	d.ID = "an engine's own"
	require.NoError(t, f.Process(context.Background(), d))
	require.NoError(t, replica.Process(context.Background(), d))
	f.requireSuccess(newPush(string(d.Plaintext)).request())
	require.Len(t, f.handledNames(), 2)
	require.Empty(t, replica.handledNames())
	require.NoError(t, f.Process(context.Background(), delivered(testCorp, "2")))
	require.Len(t, f.handledNames(), 3)
}

func TestProcess_Errors(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	rows := map[string]struct {
		edit   func(*openwork.Delivery)
		handle openwork.Handler
		want   error
	}{
		"valid":         {func(*openwork.Delivery) {}, nil, nil},
		"other App":     {func(d *openwork.Delivery) { d.App = "another" }, nil, openwork.ErrUnknownApp},
		"no App":        {func(d *openwork.Delivery) { d.App = "" }, nil, openwork.ErrUnknownApp},
		"empty":         {func(d *openwork.Delivery) { d.Plaintext = nil }, nil, openwork.ErrMalformed},
		"not XML":       {func(d *openwork.Delivery) { d.Plaintext = []byte("SECRET-CODE") }, nil, openwork.ErrMalformed},
		"truncated":     {func(d *openwork.Delivery) { d.Plaintext = d.Plaintext[:len(d.Plaintext)-3] }, nil, openwork.ErrMalformed},
		"handler error": {func(*openwork.Delivery) {}, func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Success, boom }, boom},
		"handler panic": {func(*openwork.Delivery) {}, func(*openwork.Message, openwork.Next) (openwork.Reply, error) { panic(boom) }, boom},
	}
	for name, row := range rows {
		f := newFixture(t)
		if row.handle != nil {
			f.With(row.handle)
		}
		d := delivered(testCorp, "1")
		d.Plaintext = bytes.ReplaceAll(d.Plaintext, []byte("<State>"), []byte("<AuthCode>SECRET-CODE</AuthCode><State>"))
		row.edit(&d)
		err := f.Process(context.Background(), d)
		if row.want == nil {
			require.NoError(t, err, name)
			require.Len(t, f.handledNames(), 1, name)
			continue
		}
		require.Contains(t, f.log.String(), "level=ERROR", "%s: it was acknowledged, so this is no mere refusal", name)
		require.ErrorIs(t, err, row.want, name)
		require.NotContains(t, err.Error()+f.log.String(), "SECRET-CODE", name)
		require.Equal(t, row.handle != nil, len(f.handledNames()) == 1, name)
	}
}

func TestProcess_ContextIsTheWorkers(t *testing.T) {
	t.Parallel()
	type keyType struct{}
	f := newFixture(t, func(cfg *openwork.Config) {
		cfg.AuthAnswerTimeout, cfg.HandlerTimeout = time.Nanosecond, time.Nanosecond
	})
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), keyType{}, "value"))
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		_, limited := msg.Context().Deadline()
		assert.False(t, limited, "a worker has no time budget")
		assert.Equal(t, "value", msg.Context().Value(keyType{}))
		assert.NoError(t, msg.Context().Err())
		cancel()
		assert.ErrorIs(t, msg.Context().Err(), context.Canceled)
		return next(msg)
	})
	require.NoError(t, f.Process(ctx, delivered(testCorp, "1")))
	require.Len(t, f.handledNames(), 1)
}

func TestProcess_ReplyGoesNowhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
		return openwork.Text("SECRET-REPLY"), nil
	})
	d := delivered(testCorp, "1")
	d.Plaintext, d.ReceiveID, d.Name = []byte(textMessage("hello")), testCorp, "message.text"
	require.NoError(t, f.Process(context.Background(), d))
	require.Contains(t, f.log.String(), "Config.Async")
	require.NotContains(t, f.log.String(), "SECRET-REPLY")
}

// deliveryRows are the golden deliveries; their files are what version 1 looks like and must stay readable for ever.
func deliveryRows() map[string]openwork.Delivery {
	return map[string]openwork.Delivery{
		"command": {ID: "openwork:push:ww1a2b3c4d5e6f7a8b:key", App: testSuiteID, CorpID: testCorp, Name: "create_auth", Time: testNow,
			Plaintext: []byte(command("create_auth", "AuthCode", "code")), ReceiveID: testSuiteID},
		"data_event": {ID: "2", App: "shop", CorpID: testCorp, Name: "change_app_admin", Time: testNow,
			Plaintext: []byte(dataEvent("change_app_admin")), ReceiveID: testCorp},
		"message": {ID: "message:wp:218:45", App: testSuiteID, CorpID: testCorp, Name: "message.text", Time: testNow,
			Plaintext: []byte(textMessage("你好, <b>&amp;</b> \"quotes\" \\ \u2028 \t\r\n\U0001F600")), ReceiveID: testCorp},
		"json":    {ID: "4", App: "dk", CorpID: testCorp, Name: "message.text", Time: testNow, Plaintext: []byte(`{"MsgType":"text","Content":"\u4f60"}`)},
		"binary":  {ID: "5", App: "shop", CorpID: testCorp, Name: "message.text", Time: testNow, Plaintext: []byte("no UTF-8: \xff\xfe")},
		"minimal": {App: testSuiteID, Name: "suite_ticket", Plaintext: []byte(ticketXML(testSuiteID, "ticket", testNow)), ReceiveID: testSuiteID},
	}
}

func TestDelivery_Golden(t *testing.T) {
	t.Parallel()
	rows := deliveryRows()
	for name, d := range rows {
		file := filepath.Join("testdata", "deliveries", name+".json")
		text, err := d.MarshalText()
		require.NoError(t, err)
		require.NotContains(t, string(text), "\n", "it must fit on one line")
		require.True(t, json.Valid(text))
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o644))
		}
		golden, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(string(golden), "\n"), string(text), name)
		var back openwork.Delivery
		require.NoError(t, back.UnmarshalText(golden))
		requireSameDelivery(t, d, back)
	}
	files, err := os.ReadDir(filepath.Join("testdata", "deliveries"))
	require.NoError(t, err)
	for _, file := range files {
		require.Contains(t, rows, strings.TrimSuffix(file.Name(), ".json"), "%s is nobody's golden file", file.Name())
	}
}

func requireSameDelivery(t *testing.T, want, got openwork.Delivery) {
	t.Helper()
	require.True(t, want.Time.Equal(got.Time), "%v is not %v", got.Time, want.Time)
	require.Equal(t, [6]string{want.ID, want.App, want.CorpID, want.Name, string(want.Plaintext), want.ReceiveID},
		[6]string{got.ID, got.App, got.CorpID, got.Name, string(got.Plaintext), got.ReceiveID})
}

func TestDelivery_UnmarshalTextRefuses(t *testing.T) {
	t.Parallel()
	valid := `{"v":1,"id":"1","app":"a","corp_id":"c","name":"n","time":1700000000,"receive_id":"r","plaintext":"SECRET"}`
	var d openwork.Delivery
	require.NoError(t, d.UnmarshalText([]byte(valid)))
	require.NoError(t, d.UnmarshalText([]byte(strings.Replace(valid, `"id"`, `"later_field":[1],"id"`, 1))), "fields may be added")
	for name, text := range map[string]string{
		"later version":    strings.Replace(valid, `"v":1`, `"v":2`, 1),
		"no version":       strings.Replace(valid, `"v":1,`, ``, 1),
		"version 0":        strings.Replace(valid, `"v":1`, `"v":0`, 1),
		"negative version": strings.Replace(valid, `"v":1`, `"v":-1`, 1),
		"version as text":  strings.Replace(valid, `"v":1`, `"v":"1"`, 1),
		"another type":     strings.Replace(valid, `"SECRET"`, `["SECRET"]`, 1),
		"time as text":     strings.Replace(valid, `1700000000`, `"SECRET"`, 1),
		"trailing text":    valid + "SECRET",
		"truncated":        valid[:len(valid)-1],
		"XML":              "<xml>SECRET</xml>",
		"empty":            "",
		"null":             "null",
	} {
		before := delivered(testCorp, "before")
		kept := before
		err := kept.UnmarshalText([]byte(text))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "SECRET", name)
		requireSameDelivery(t, before, kept)
	}
}

func TestDelivery_PrintsNoContents(t *testing.T) {
	t.Parallel()
	d := openwork.Delivery{ID: "1", App: "shop", CorpID: testCorp, Name: "create_auth", Plaintext: []byte("SECRET")}
	secretBytes := fmt.Sprint([]byte("SECRET"))
	secretBytes = secretBytes[1 : len(secretBytes)-1]
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", d)
		fmt.Fprintf(&b, verb+"\n", &d)
		fmt.Fprintf(&b, verb+"\n", []openwork.Delivery{d})
		fmt.Fprintf(&b, verb+"\n", struct{ D openwork.Delivery }{d})
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("x", "d", d, "p", &d)
	}
	for _, secret := range []string{"SECRET", secretBytes, fmt.Sprintf("%x", "SECRET"), "83, 69"} {
		require.NotContains(t, b.String(), secret)
	}
	require.Equal(t, 7*4+2*2, strings.Count(b.String(), "shop"), "it says whose it is")
}

// What can be encoded is decoded to the same, and encodes to the same again; what can't be is an error, never altered text.
func FuzzDelivery(f *testing.F) {
	for _, d := range deliveryRows() {
		f.Add(d.ID, d.App, d.CorpID, d.Name, d.ReceiveID, d.Time.Unix(), d.Plaintext)
	}
	f.Add("", "", "", "", "", int64(0), []byte(nil))
	f.Add("1", "a", "c", "n", "r", int64(-1), []byte("\x00\x7f\u2028\ufffd<&>"))
	f.Add("1", "a", "c", "n", "r", int64(1), []byte("bytes that are no UTF-8: \xff\xfe"))
	f.Fuzz(func(t *testing.T, id, app, corp, name, receiveID string, seconds int64, plaintext []byte) {
		if seconds < -1<<40 || seconds > 1<<40 || seconds == 0 {
			seconds = 1
		}
		for _, s := range []string{id, app, corp, name, receiveID} {
			if !utf8.ValidString(s) {
				t.Skip()
			}
		}
		d := openwork.Delivery{ID: id, App: app, CorpID: corp, Name: name, ReceiveID: receiveID, Plaintext: plaintext, Time: time.Unix(seconds, 0)}
		text, err := d.MarshalText()
		if err != nil {
			require.False(t, utf8.Valid(plaintext), err)
			return
		}
		var back openwork.Delivery
		require.NoError(t, back.UnmarshalText(text))
		requireSameDelivery(t, d, back)
		again, err := back.MarshalText()
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

// Under load from many clients the process is told to end: the http.Server stops first, then the queue.
func TestH14_ShutdownUnderLoad(t *testing.T) {
	const clients, corps = 16, 7
	var handledMu sync.Mutex
	handled := map[string]int{}
	dead := 0
	q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 4, Backoff: time.Millisecond,
		DeadLetter: func(openwork.Delivery, error) { handledMu.Lock(); dead++; handledMu.Unlock() }})
	f := newFixture(t, withBudget(time.Minute), func(cfg *openwork.Config) { cfg.Queue = q })
	inside, release := make(chan struct{}), make(chan struct{})
	f.Handle("message.text", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		close(inside)
		<-release
		return openwork.Text("answered"), nil
	})
	failed := map[string]bool{}
	f.HandleAuthChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		time.Sleep(time.Millisecond)
		handledMu.Lock()
		defer handledMu.Unlock()
		state := msg.Get("State")
		if len(state)%2 == 0 && !failed[state] {
			failed[state] = true
			return openwork.Success, errors.New("not yet")
		}
		handled[state]++
		return next(msg)
	})
	q.Start(f.Process)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: f.Server}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	send := func(p *push) (int, string, error) {
		c := p.parts()
		resp, err := client.Post("http://"+listener.Addr().String()+"/?"+c.RawQuery, "text/xml", strings.NewReader(c.Body))
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}

	type answer struct {
		status int
		body   string
		err    error
	}
	slow := make(chan answer, 1)
	go func() {
		status, body, err := send(newPush(textMessage("hello"), toCorp))
		slow <- answer{status, body, err}
	}()
	<-inside

	var acknowledged sync.Map
	var count atomic.Int64
	var senders sync.WaitGroup
	for c := range clients {
		senders.Add(1)
		go func() {
			defer senders.Done()
			for i := 0; ; i++ {
				state := fmt.Sprintf("%d-%d", c, i)
				status, body, err := send(newPush(corpCommand(fmt.Sprintf("wpcorp%012d", i%corps), "change_auth", "State", state)))
				if err != nil {
					return // the server has gone
				}
				if !assert.Equal(t, http.StatusOK, status) || !assert.Equal(t, "success", body) {
					return
				}
				acknowledged.Store(state, true)
				count.Add(1)
			}
		}()
	}
	require.Eventually(t, func() bool { return count.Load() > 200 }, 20*time.Second, time.Millisecond)

	const grace = 15 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- server.Shutdown(ctx) }()
	require.ErrorIs(t, <-served, http.ErrServerClosed)
	_, err = net.DialTimeout("tcp", listener.Addr().String(), time.Second)
	require.Error(t, err, "new connections are still accepted")
	close(release)
	require.NoError(t, <-ended)
	a := <-slow
	require.NoError(t, a.err)
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.body, "<Encrypt>", "the push in flight was not answered with its reply")
	senders.Wait()
	transport.CloseIdleConnections()
	require.NoError(t, q.Shutdown(ctx))
	require.NoError(t, ctx.Err(), "it took longer than the grace")
	require.Zero(t, q.Depth())
	require.Zero(t, dead)
	require.ErrorIs(t, q.Enqueue(context.Background(), delivered(testCorp, "late")), openwork.ErrQueueClosed)
	acknowledged.Range(func(state, _ any) bool {
		require.Equal(t, 1, handled[state.(string)], "acknowledged %s was handled that often", state)
		return true
	})
	w := httptest.NewRecorder()
	f.ServeHTTP(w, newPush(command("change_auth", "State", "late")).request())
	require.Equal(t, http.StatusInternalServerError, w.Code, "a queue that is closed acknowledges nothing")
}

// A queue leaves no goroutine behind, whatever its deliveries came to. Not parallel: it counts goroutines.
func TestMemoryQueue_LeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 5 {
		q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 32, Attempts: 1, DeadLetter: func(openwork.Delivery, error) {}})
		for i := range 100 {
			require.NoError(t, q.Enqueue(context.Background(), delivered(strconv.Itoa(i%10), strconv.Itoa(i))))
		}
		q.Start(func(_ context.Context, d openwork.Delivery) error {
			if strings.HasSuffix(d.ID, "3") {
				panic("broken")
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		require.NoError(t, q.Shutdown(ctx))
		cancel()
	}
	for wait := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(wait); {
		time.Sleep(5 * time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}
