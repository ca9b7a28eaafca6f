package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Text that strangers can send is shown short and on one line: nobody writes
// lines into our log, or fills it. Where it should have been an id, it may be
// anything, a piece of a push among it, and is not shown at all.
func TestErrors_ForeignTextIsShortAndOnOneLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100) + hiddenText
	for name, rest := range map[string]string{"short": "", "long": long, "very long": long + strings.Repeat("y", 10_000)} {
		t.Run(name, func(t *testing.T) { testForeignText(t, rest) })
	}
}

func testForeignText(t *testing.T, rest string) {
	const injected = "level=INFO injected"
	foreign := "A\n" + injected + rest
	f := newFixture(t)
	msg, err := f.DecryptedMessage(newPush(command(foreign)).request())
	require.NoError(t, err)
	serve := func(edit func(*http.Request)) error {
		r := newPush(command("create_auth")).request()
		edit(r)
		_, err := f.Serve(r)
		return err
	}
	var mux openwork.Mux
	mux.Add("/a", f.Server)
	tickets := openwork.TicketsIn(openwork.NewMemoryCache())
	for _, row := range []struct {
		name  string
		err   func() error
		shows bool // the beginning
	}{
		{"Decode", func() error { return msg.Decode(&struct{ AuthCorpId int }{}) }, true},
		{"Typed", func() error { _, err := msg.Typed(); return err }, true},
		{"Respond", func() error { _, err := f.Respond(msg, openwork.Text("x")); return err }, true},
		{"a Message itself", func() error { return errors.New(fmt.Sprint(msg)) }, true},
		{"a method", func() error { return serve(func(r *http.Request) { r.Method = foreign }) }, true},
		{"an encoding", func() error { return serve(func(r *http.Request) { r.Header.Set("Content-Encoding", foreign) }) }, true},
		{"the App of a Delivery", func() error { return f.Process(t.Context(), openwork.Delivery{App: foreign}) }, true},
		{"the same, for a Mux", func() error { return mux.Process(t.Context(), openwork.Delivery{App: foreign}) }, true},
		{"the path of a Mux", func() error {
			_, err := mux.Serve(&http.Request{Method: "POST", URL: &url.URL{Path: "/" + foreign}})
			return err
		}, true},
		{"a SuiteID", func() error {
			_, err := openwork.NewServer(openwork.Config{Token: testToken, EncodingAESKey: testKey, SuiteID: foreign})
			return err
		}, true},
		{"a ProviderCorpID", func() error {
			_, err := openwork.NewServer(openwork.Config{Token: testToken, EncodingAESKey: testKey, ProviderCorpID: foreign})
			return err
		}, true},
		{"a suite without ticket", func() error { _, err := tickets.Ticket(t.Context(), foreign); return err }, false},
		{"a suite with an old ticket", func() error {
			old := openwork.SuiteTicket{Value: hiddenText, Time: time.Now().Add(-time.Hour)}
			require.NoError(t, tickets.PutTicket(t.Context(), foreign+"-", old))
			_, err := tickets.Ticket(t.Context(), foreign+"-")
			return err
		}, false},
		{"a receive id", func() error {
			_, err := f.Serve(newPush(command("create_auth"), func(p *push) { p.ReceiveID = foreign }).request())
			return err
		}, false},
		{"a receive id of a URL check", func() error {
			_, err := f.Serve(newURLCheck("1234567890", func(p *push) { p.ReceiveID = foreign }).request())
			return err
		}, false},
		{"a SuiteId", func() error {
			_, err := f.Serve(newPush(document("SuiteId", foreign, "InfoType", "create_auth")).request())
			return err
		}, false},
	} {
		err := row.err()
		require.Error(t, err, row.name)
		for ; err != nil; err = errors.Unwrap(err) {
			assert.NotContains(t, err.Error(), "\n", row.name)
			assert.NotContains(t, err.Error(), hiddenText, row.name)
			assert.Less(t, len(err.Error()), 500, row.name)
			if row.shows {
				assert.Contains(t, err.Error(), `A\n`+injected, row.name)
				row.shows = false // what is inside need not
			} else {
				assert.NotContains(t, fmt.Sprint(err), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", row.name)
			}
		}
	}
	assert.NotContains(t, f.log.String(), "\n"+injected)
	assert.NotContains(t, f.log.String(), hiddenText)
}

// Of a query that is refused only its shape is shown: who sends it may have
// mixed up what is secret and what is not.
func TestErrors_QueryIsNotShown(t *testing.T) {
	t.Parallel()
	good := newPush(command("create_auth")).parts().RawQuery
	for name, edit := range map[string]func(url.Values){
		"signature":          func(q url.Values) { q.Set("msg_signature", hiddenText) },
		"timestamp":          func(q url.Values) { q.Set("timestamp", hiddenText) },
		"nonce":              func(q url.Values) { q.Set("nonce", hiddenText+"=") },
		"nonce, too long":    func(q url.Values) { q.Set("nonce", hiddenText+strings.Repeat("x", 32)) },
		"more than once":     func(q url.Values) { q["nonce"] = []string{hiddenText, hiddenText} },
		"longer than 8 KiB":  func(q url.Values) { q.Set("more", strings.Repeat(hiddenText, 400)) },
		"echostr of a check": func(q url.Values) { q.Set("echostr", hiddenText) },
	} {
		query, err := url.ParseQuery(good)
		require.NoError(t, err)
		edit(query)
		requireQueryNotShown(t, name, query.Encode())
	}
	for name, more := range map[string]string{
		"a bad escape": "&more=" + hiddenText + "%zz", "one in a name": "&" + hiddenText + "%zz=1", "a semicolon": "&more=" + hiddenText + ";1",
	} {
		requireQueryNotShown(t, name, good+more)
	}
}

func requireQueryNotShown(t *testing.T, name, query string) {
	t.Helper()
	f := newFixture(t)
	r := newPush(command("create_auth")).request()
	r.URL.RawQuery = query
	if strings.Contains(query, "echostr") {
		r.Method = http.MethodGet
	}
	_, err := f.Serve(r)
	require.ErrorIs(t, err, openwork.ErrMalformed, name)
	requireHidden(t, name, fmt.Sprintf("%v %+v %#v", err, err, err))
	requireHidden(t, name, f.log.String())
}

// A Server keeps no Token and key but where it needs them: fmt would find them,
// in a struct that does not show its fields.
func TestServer_InAnUnexportedField(t *testing.T) {
	t.Parallel()
	server, err := openwork.NewServer(openwork.Config{SuiteID: testSuiteID, Token: hiddenText, EncodingAESKey: testKey,
		Previous: &openwork.Credentials{Token: hiddenText, EncodingAESKey: testKey}})
	require.NoError(t, err)
	app := struct{ server *openwork.Server }{server}
	for way, text := range everyWay(app) {
		requireHidden(t, way, text, hiddenText, testKey, string(refKey(testKey)))
	}
}

// What a queue gives back is not shown if it is none of ours.
func TestDelivery_ErrorsShowNoText(t *testing.T) {
	t.Parallel()
	const number = "123456789012345678901234567890"
	for _, text := range []string{
		hiddenText, `{"v":"` + hiddenText + `"}`, `{"v":1,"time":` + number + `}`, `{"v":1,"plaintext_base64":"` + hiddenText + `!"}`,
		`{"v":1,"plaintext":{"` + hiddenText + `":1}}`, `{"v":99,"plaintext":"` + hiddenText + `"}`,
	} {
		var d openwork.Delivery
		err := d.UnmarshalText([]byte(text))
		require.Error(t, err, text)
		for ; err != nil; err = errors.Unwrap(err) {
			requireHidden(t, text, fmt.Sprintf("%v %+v %#v", err, err, err), hiddenText, number)
		}
	}
}

// A permanent code that came with an error is as secret as any.
func TestClient_PermanentCodeBesideAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is half gone")
	f := newClientFixture(t, func(c *openwork.ClientConfig) {
		c.PermanentCodes = func(context.Context, string) (string, error) { return testPermanentCode, broken }
	})
	_, err := f.Corp(testCorp).Token(t.Context())
	require.ErrorIs(t, err, broken)
	requireNoSecretIn(t, err)
}
