package openworktest_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func after(d time.Duration, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		answer(w, r)
	}
}

func breakOff(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// inTurn answers each request in another way, the last one for ever.
func inTurn(answers ...http.HandlerFunc) http.Handler {
	var mu sync.Mutex
	return &recorder{answer: func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		mu.Unlock()
		answer(w, r)
	}}
}

// WeCom's schedule: 5 seconds and three tries; a second and one try for what
// is urgent; and no repetition of what was answered, however.
func TestDeliver_Schedule(t *testing.T) {
	const usual, urgent = "corp_arch_auth", "create_auth"
	for name, row := range map[string]struct {
		infoType string
		config   openworktest.PlatformConfig
		answers  []http.HandlerFunc
		want     openworktest.Answer
		passed   time.Duration
	}{
		"answered": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{text("success")},
			openworktest.Answer{Status: 200, Body: "success", Attempts: 1, Verdict: openworktest.Accepted}, 0},
		"answered at the last moment": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{after(4999*time.Millisecond, text("success"))},
			openworktest.Answer{Status: 200, Body: "success", Attempts: 1, Verdict: openworktest.Accepted, Took: 4999 * time.Millisecond}, 4999 * time.Millisecond},
		"repeated after 5 seconds": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{after(6*time.Second, text("success")), text("success")},
			openworktest.Answer{Status: 200, Body: "success", Attempts: 2, Verdict: openworktest.Repeated}, 5 * time.Second},
		"repeated after a broken connection": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{breakOff, breakOff, text("success")},
			openworktest.Answer{Status: 200, Body: "success", Attempts: 3, Verdict: openworktest.Repeated}, 0},
		"given up after three tries": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{after(time.Minute, text("success"))},
			openworktest.Answer{Attempts: 3, Verdict: openworktest.GivenUp, Took: 5 * time.Second}, 15 * time.Second},
		"a status is not repeated": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{status(500), text("success")},
			openworktest.Answer{Status: 500, Attempts: 1, Verdict: openworktest.ShownAsError}, 0},
		"but after a broken connection it may come": {usual, openworktest.PlatformConfig{}, []http.HandlerFunc{breakOff, status(403)},
			openworktest.Answer{Status: 403, Attempts: 2, Verdict: openworktest.ShownAsError}, 0},
		"a status is repeated where that is wanted": {usual, openworktest.PlatformConfig{RepeatOnStatus: true}, []http.HandlerFunc{status(500), text("success")},
			openworktest.Answer{Status: 200, Body: "success", Attempts: 2, Verdict: openworktest.Repeated}, 0},
		"and given up": {usual, openworktest.PlatformConfig{RepeatOnStatus: true}, []http.HandlerFunc{status(302)},
			openworktest.Answer{Status: 302, Attempts: 3, Verdict: openworktest.GivenUp}, 0},
		"a wrong body is not repeated": {usual, openworktest.PlatformConfig{RepeatOnStatus: true}, []http.HandlerFunc{text("ok"), text("success")},
			openworktest.Answer{Status: 200, Body: "ok", Attempts: 1, Verdict: openworktest.ShownAsError}, 0},
		"urgent, after a second": {urgent, openworktest.PlatformConfig{}, []http.HandlerFunc{after(1001*time.Millisecond, text("success")), text("success")},
			openworktest.Answer{Attempts: 1, Verdict: openworktest.GivenUp, Took: time.Second}, time.Second},
		"urgent, in time": {urgent, openworktest.PlatformConfig{}, []http.HandlerFunc{after(999*time.Millisecond, text("success"))},
			openworktest.Answer{Status: 200, Body: "success", Attempts: 1, Verdict: openworktest.Accepted, Took: 999 * time.Millisecond}, 999 * time.Millisecond},
		"urgent, broken": {urgent, openworktest.PlatformConfig{}, []http.HandlerFunc{breakOff, text("success")},
			openworktest.Answer{Attempts: 1, Verdict: openworktest.GivenUp}, 0},
		"urgent, status": {urgent, openworktest.PlatformConfig{RepeatOnStatus: true}, []http.HandlerFunc{status(500), text("success")},
			openworktest.Answer{Status: 500, Attempts: 1, Verdict: openworktest.GivenUp}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				suite := openworktest.NewPlatform(row.config).NewSuite()
				suite.DeliverTo(inTurn(row.answers...))
				began := time.Now()
				answer, err := suite.PushXML(t.Context(), "<xml><InfoType>"+row.infoType+"</InfoType></xml>")
				require.NoError(t, err)
				assert.Equal(t, row.want, answer)
				assert.Equal(t, row.passed, time.Since(began))
				time.Sleep(5 * time.Minute)
			})
		})
	}
}

// The events for which the pages say 1000 ms.
func TestDeliver_UrgentEvents(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		suite := wecom.NewSuite()
		suite.DeliverTo(http.HandlerFunc(breakOff))
		corp := suite.Corp(testCorp)
		for xml, want := range map[string]int{
			"<InfoType>create_auth</InfoType>":                               1,
			"<InfoType><![CDATA[change_auth]]></InfoType>":                   1,
			"<InfoType> cancel_auth </InfoType>":                             1,
			"<InfoType>reset_permanent_code</InfoType>":                      1,
			"<InfoType>device_data_auth_change</InfoType>":                   1,
			"<MsgType>event</MsgType><Event>device_new_data</Event>":         1,
			"<InfoType>suite_ticket</InfoType>":                              3,
			"<InfoType>change_contact</InfoType>":                            3,
			"<MsgType>event</MsgType><Event>create_auth</Event>":             3,
			"<MsgType>text</MsgType><Content>create_auth</Content>":          3,
			"<SuiteTicket>an element left open, which no event has":          3,
			"<InfoType>create_auth_of_next_year</InfoType>":                  3,
			"<X><InfoType>create_auth</InfoType></X><InfoType>X</InfoType>":  3,
			"<InfoType>open_order</InfoType><State>create_auth</State>":      3,
			"<ChangeType>create_auth</ChangeType><InfoType>other</InfoType>": 3,
		} {
			for _, push := range []func(context.Context, string) (openworktest.Answer, error){suite.PushXML, corp.PushXML} {
				answer, err := push(t.Context(), "<xml>"+xml+"</xml>")
				require.NoError(t, err)
				assert.Equal(t, want, answer.Attempts, xml)
			}
		}
	})
}

// What WeCom makes of a body, on the command URL and on the data URL.
func TestDeliver_Verdict(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		suite := wecom.NewSuite()
		suite.DeliverTo(text("success"))
		corp := install(t, suite)
		body := ""
		suite.DeliverTo(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		const accepted, shown = openworktest.Accepted, openworktest.ShownAsError
		for answered, want := range map[string][2]openworktest.Verdict{ // on the command URL, on the data URL
			"success":          {accepted, accepted},
			"":                 {shown, accepted},
			"Success":          {shown, shown},
			"success\n":        {shown, shown},
			"\ufeffsuccess":    {shown, shown},
			`"success"`:        {shown, shown},
			"ok":               {shown, shown},
			"<xml></xml>":      {shown, shown},
			`{"errcode":0}`:    {shown, shown},
			"<html>404</html>": {shown, shown},
		} {
			body = answered
			answer, err := corp.Push(t.Context(), &event.CreateUser{UserID: "lisi"})
			require.NoError(t, err)
			assert.Equal(t, want[0], answer.Verdict, "command URL: %q", answered)
			assert.Equal(t, answered, answer.Body)
			answer, err = corp.Say(t.Context(), "lisi", "hello")
			require.NoError(t, err)
			assert.Equal(t, want[1], answer.Verdict, "data URL: %q", answered)
			assert.Nil(t, answer.Reply)
		}
	})
}

// A passive reply is opened, and taken only from who may give it, to what it
// may be given to.
func TestDeliver_PassiveReply(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		suite := wecom.NewSuite()
		app := newApp(t, suite)
		app.Handle("message", func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
			return openwork.Text("you said " + msg.Get("Content")), nil
		})
		corp := install(t, suite)
		answer := requireAccepted(t)(corp.Say(t.Context(), "lisi", "你好"))
		require.NotNil(t, answer.Reply)
		assert.Equal(t, "you said 你好", answer.Reply.Content)
		assert.Equal(t, "lisi", answer.Reply.ToUserName)
		assert.Equal(t, corp.ID(), answer.Reply.FromUserName)

		// Each row is a sealed reply that is not right in one way, or goes where
		// none is taken.
		valid := openworktest.Push{Token: suite.Config().Token, EncodingAESKey: suite.Config().EncodingAESKey, ReceiveID: corp.ID(),
			Plaintext: "<xml><ToUserName>lisi</ToUserName><FromUserName>" + corp.ID() +
				"</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>"}
		event := func(name string) string {
			return "<xml><ToUserName>" + corp.ID() + "</ToUserName><FromUserName>lisi</FromUserName><MsgType>event</MsgType><Event>" + name + "</Event></xml>"
		}
		message := "<xml><ToUserName>" + corp.ID() + "</ToUserName><FromUserName>lisi</FromUserName><MsgType>text</MsgType></xml>"
		for name, row := range map[string]struct {
			push  string
			edit  func(*openworktest.Push)
			taken bool
		}{
			"to a message":                 {message, nil, true},
			"to a click":                   {event("click"), nil, true},
			"to a location":                {event("LOCATION"), nil, true},
			"to an event of next year":     {event("event_of_next_year"), nil, true},
			"to unsubscribe":               {event("unsubscribe"), nil, false},
			"to an approval":               {event("sys_approval_change"), nil, false},
			"to what is no message":        {strings.Replace(message, "<MsgType>text</MsgType>", "", 1), nil, false},
			"to nobody":                    {strings.Replace(message, "<FromUserName>lisi</FromUserName>", "", 1), nil, false},
			"to a command on the data URL": {"<xml><InfoType>x</InfoType><FromUserName>lisi</FromUserName></xml>", nil, false},
			"for another corp":             {message, func(p *openworktest.Push) { p.ReceiveID = testCorp }, false},
			"for the suite":                {message, func(p *openworktest.Push) { p.ReceiveID = suite.Config().SuiteID }, false},
			"to another member":            {message, func(p *openworktest.Push) { p.Plaintext = strings.Replace(p.Plaintext, "lisi", "wangwu", 1) }, false},
			"from another corp":            {message, func(p *openworktest.Push) { p.Plaintext = strings.Replace(p.Plaintext, corp.ID(), testCorp, 1) }, false},
			"parties not swapped":          {message, func(p *openworktest.Push) { p.Plaintext = message }, false},
			"signed with another Token":    {message, func(p *openworktest.Push) { p.Token = "another" }, false},
			"encrypted with another key":   {message, func(p *openworktest.Push) { p.EncodingAESKey = testKey }, false},
			"to a change of contacts":      {strings.Replace(event("change_contact"), "</xml>", "<ChangeType>create_user</ChangeType></xml>", 1), nil, false},
		} {
			p := valid
			if row.edit != nil {
				row.edit(&p)
			}
			p = p.Complete()
			suite.DeliverTo(text("<xml><Encrypt>" + p.Encrypt + "</Encrypt><MsgSignature>" + p.Signature + "</MsgSignature><TimeStamp>" +
				p.Timestamp + "</TimeStamp><Nonce>" + p.Nonce + "</Nonce></xml>"))
			answer, err := corp.PushXML(t.Context(), row.push)
			require.NoError(t, err)
			assert.Equal(t, row.taken, answer.Verdict == openworktest.Accepted, "%s: %+v", name, answer)
			assert.Equal(t, row.taken, answer.Reply != nil, name)

			answer, err = suite.PushXML(t.Context(), row.push)
			require.NoError(t, err)
			assert.Equal(t, openworktest.ShownAsError, answer.Verdict, "%s, on the command URL", name)
		}
	})
}

// The check of a URL wants exactly the echo, within a second, once.
func TestDeliver_URLCheck(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{Duplicates: 1}).NewSuite()
		server, err := openwork.NewServer(suite.Config())
		require.NoError(t, err)
		const accepted, shown, givenUp = openworktest.Accepted, openworktest.ShownAsError, openworktest.GivenUp
		for name, row := range map[string]struct {
			answer http.Handler
			want   openworktest.Verdict
		}{
			"the echo": {server, accepted},
			"success":  {text("success"), shown},
			"the echo with a newline": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.ServeHTTP(w, r)
				_, _ = io.WriteString(w, "\n")
			}), accepted}, // Content-Length has cut it off
			"a byte order mark before": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inner := httptest.NewRecorder()
				server.ServeHTTP(inner, r)
				_, _ = io.WriteString(w, "\ufeff"+inner.Body.String())
			}), shown},
			"nothing":  {text(""), shown},
			"403":      {status(403), shown},
			"too late": {after(1001*time.Millisecond, server.ServeHTTP), givenUp},
			"in time":  {after(999*time.Millisecond, server.ServeHTTP), accepted},
			"broken":   {http.HandlerFunc(breakOff), givenUp},
		} {
			suite.DeliverTo(row.answer)
			answer, err := suite.CheckURL(t.Context())
			require.NoError(t, err)
			assert.Equal(t, row.want, answer.Verdict, "%s: %+v", name, answer)
			assert.Equal(t, 1, answer.Attempts)
			assert.Nil(t, answer.Copy, "a check is not duplicated")
		}
		time.Sleep(time.Minute)
	})
}

// A copy is the same request again, unless it is to be encrypted anew.
func TestDeliver_DuplicatesAndReencryption(t *testing.T) {
	for _, reencrypt := range []bool{false, true} {
		t.Run(fmt.Sprint("reencrypt ", reencrypt), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Duplicates: 1, Reencrypt: reencrypt})
				suite := wecom.NewSuite()
				server, err := openwork.NewServer(suite.Config())
				require.NoError(t, err)
				handled := 0
				server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					handled++
					return next(msg)
				})
				seen := &recorder{answer: inTurn(breakOff, after(time.Second, text("success"))).ServeHTTP}
				suite.DeliverTo(seen)
				answer, err := suite.PushXML(t.Context(), "<xml><SuiteId>"+suite.Config().SuiteID+"</SuiteId><InfoType>x</InfoType></xml>")
				require.NoError(t, err)
				assert.Equal(t, openworktest.Repeated, answer.Verdict)
				require.NotNil(t, answer.Copy)
				assert.Equal(t, openworktest.Accepted, answer.Copy.Verdict)

				requests := seen.all()
				require.Len(t, requests, 3, "an attempt, its repetition, and a copy")
				assert.Equal(t, time.Second, requests[2].at.Sub(requests[1].at), "the copy comes after the answer")
				for i, request := range requests {
					p := openworktest.Push{RawQuery: request.query.Encode(), Body: request.body, Encrypt: "-", Signature: "-"}
					w := httptest.NewRecorder()
					server.ServeHTTP(w, p.Request())
					assert.Equal(t, "success", w.Body.String(), "each verifies")
					for _, other := range requests[:i] {
						assert.Equal(t, reencrypt, request.body != other.body)
						for _, part := range []string{"nonce", "msg_signature"} {
							assert.Equal(t, reencrypt, request.query.Get(part) != other.query.Get(part), part)
						}
					}
				}
				assert.Equal(t, 1, handled, "all are copies of one push")
			})
		})
	}
}

func TestDeliver_ConcurrentCopies(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{Duplicates: 1, Concurrency: 2}).NewSuite()
		seen := &recorder{answer: after(time.Second, text("success"))}
		suite.DeliverTo(seen)
		answer, err := suite.PushXML(t.Context(), "<xml></xml>")
		require.NoError(t, err)
		assert.Equal(t, openworktest.Accepted, answer.Copy.Verdict)
		requests := seen.all()
		require.Len(t, requests, 2)
		assert.Equal(t, requests[0].at, requests[1].at)
	})
}

// Half of the pushes come twice, where that is wanted; none unless it is.
func TestDeliver_ShareOfDuplicates(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		copies := func(share float64) (n int) {
			suite := openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 7, Duplicates: share}).NewSuite()
			suite.DeliverTo(text("success"))
			for range 200 {
				if answer := requireAccepted(t)(suite.PushXML(t.Context(), "<xml></xml>")); answer.Copy != nil {
					n++
				}
			}
			return n
		}
		assert.Zero(t, copies(0))
		assert.InDelta(t, 100, copies(0.5), 30)
		assert.Equal(t, 200, copies(1))
	})
}

func TestDeliver_Delay(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{Delay: time.Minute}).NewSuite()
		suite.DeliverTo(text("success"))
		var delays []time.Duration
		for range 20 {
			began := time.Now()
			answer := requireAccepted(t)(suite.PushXML(t.Context(), "<xml></xml>"))
			assert.Zero(t, answer.Took, "the delay does not count")
			delays = append(delays, time.Since(began))
		}
		assert.Less(t, slices.Max(delays), time.Minute)
		assert.Greater(t, slices.Max(delays)-slices.Min(delays), 10*time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err := suite.PushXML(ctx, "<xml></xml>")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Whoever pushes may leave, also where there is no further attempt.
func TestDeliver_CallerLeaves(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		suite.DeliverTo(after(time.Hour, text("success")))
		for _, infoType := range []string{"create_auth", "x"} {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			began := time.Now()
			answer, err := suite.PushXML(ctx, "<xml><InfoType>"+infoType+"</InfoType></xml>")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 500*time.Millisecond, time.Since(began))
			assert.Equal(t, 1, answer.Attempts)
			assert.Empty(t, answer.Verdict)
			cancel()
		}
		time.Sleep(2 * time.Hour)
	})
}

// The times that WeCom writes are those of the platform's clock.
func TestDeliver_InjectedClock(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		at := time.Unix(2_000_000_000, 0)
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{Now: func() time.Time { return at }}).NewSuite()
		seen := &recorder{}
		suite.DeliverTo(seen)
		_, _, err := suite.Install(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "2000000000", seen.all()[0].query.Get("timestamp"))
		var envelope struct{ Encrypt string }
		require.NoError(t, xml.Unmarshal([]byte(seen.all()[0].body), &envelope))
		crypto, err := openwork.NewCrypto(suite.Config().Token, suite.Config().EncodingAESKey)
		require.NoError(t, err)
		query := seen.all()[0].query
		plaintext, _, err := crypto.Open(query.Get("msg_signature"), query.Get("timestamp"), query.Get("nonce"), envelope.Encrypt)
		require.NoError(t, err)
		assert.Contains(t, string(plaintext), "<TimeStamp>2000000000</TimeStamp>")
	})
}

// PushAll delivers in order, one by one, unless the platform is told otherwise.
func TestPushAll(t *testing.T) {
	for name, row := range map[string]struct {
		config  openworktest.PlatformConfig
		ordered bool
		took    time.Duration
	}{
		"by itself":  {openworktest.PlatformConfig{}, true, 10 * time.Second},
		"reordered":  {openworktest.PlatformConfig{Reorder: true, Seed: 3}, false, 10 * time.Second},
		"concurrent": {openworktest.PlatformConfig{Concurrency: 10}, false, time.Second},
		"by fives":   {openworktest.PlatformConfig{Concurrency: 5, Reorder: true}, false, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				suite := openworktest.NewPlatform(row.config).NewSuite()
				app := newApp(t, suite)
				corp := install(t, suite)
				app.HandleUserCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					time.Sleep(time.Second)
					if msg.Get("UserID") == "user7" {
						return openwork.Success, errors.New("not this one")
					}
					return next(msg)
				})
				var events []event.Event
				var want []string
				for i := range 10 {
					events = append(events, &event.CreateUser{UserID: fmt.Sprint("user", i)})
					want = append(want, fmt.Sprint("user", i))
				}
				began := time.Now()
				answers, err := corp.PushAll(t.Context(), events...)
				require.NoError(t, err)
				assert.Equal(t, row.took, time.Since(began))
				require.Len(t, answers, 10)
				for i, answer := range answers {
					assert.Equal(t, i != 7, answer.Verdict == openworktest.Accepted, "the answers are in the order of the events")
				}
				var got []string
				for _, msg := range app.handled {
					if id := msg.Get("UserID"); id != "" {
						got = append(got, id)
					}
				}
				assert.ElementsMatch(t, want, got)
				if row.config.Concurrency == 0 {
					assert.Equal(t, row.ordered, slices.Equal(want, got), "%v", got)
				}
			})
		})
	}
}

func TestPushAll_Refuses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		seen := &recorder{}
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		suite.DeliverTo(seen)
		corp := install(t, suite)
		before := len(seen.all())
		_, err := corp.PushAll(t.Context(), &event.CreateUser{}, &event.ResetPermanentCode{})
		require.ErrorContains(t, err, "reset_permanent_code")
		assert.Len(t, seen.all(), before, "nothing was pushed")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = corp.PushAll(ctx, &event.CreateUser{})
		assert.ErrorIs(t, err, context.Canceled)
	})
}

// Two platforms with one seed make the same requests; one with another does
// not make a single one of them.
func TestDeliver_Deterministic(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		history := func(seed int64) (all []string) {
			seen := &recorder{answer: inTurn(breakOff, text("success")).ServeHTTP}
			wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Seed: seed, Duplicates: 0.5, Reencrypt: true, Reorder: true})
			for _, suite := range []*openworktest.Suite{wecom.NewSuite(), wecom.NewTemplate().Suite} {
				suite.DeliverTo(seen)
				_, err := suite.CheckURL(t.Context())
				require.NoError(t, err)
				_, err = suite.SendTicket(t.Context())
				require.NoError(t, err)
				corp, _, err := suite.Install(t.Context())
				require.NoError(t, err)
				_, err = corp.PushAll(t.Context(), &event.MessageText{Content: "1"}, &event.MessageText{Content: "2"}, &event.MessageText{Content: "3"})
				require.NoError(t, err)
			}
			provider := wecom.NewProvider()
			provider.DeliverTo(seen)
			_, err := provider.Push(t.Context(), &event.LicensePaySuccess{OrderID: "OD1"})
			require.NoError(t, err)
			for _, request := range seen.all() {
				all = append(all, request.query.Encode()+request.body)
			}
			return all
		}
		first := history(1)
		require.Equal(t, first, history(1))
		for _, other := range history(2) {
			assert.NotContains(t, first, other)
		}
	})
}
