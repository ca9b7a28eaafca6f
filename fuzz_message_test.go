package openwork_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// FuzzMessage checks that a push with any plaintext is handled or refused, never a failure of ours; that a Message holds
// what the standard library reads in the plaintext; and that printing it shows no ticket, code or content.
func FuzzMessage(f *testing.F) {
	for _, plaintext := range []string{
		cryptoTicket, cryptoEvent,
		textMessage("a message that is nobody's business"),
		command("create_auth", "AuthCode", "an auth code that works once", "State", ""),
		command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan", "Name", "张三"),
		command("change_contact", "SuiteId", testSuiteID),
		document("SuiteId", testSuiteID, "InfoType", "open_order", "PaidCorpId", testCorp),
		document("ServiceCorpId", testProvider, "InfoType", "register_corp", "AuthCorpId", testCorp),
		document("SuiteId", otherSuite, "InfoType", "create_auth"),
		dataEvent("change_app_admin", "AgentID", "1", "AgentId", "2"),
		"<xml><InfoType> <![CDATA[create_auth]]>\n</InfoType><suiteid>" + testSuiteID + "</suiteid><TIMESTAMP>1</TIMESTAMP></xml>",
		"<xml><SpRecord><ApprovalID>1</ApprovalID></SpRecord><SpRecord/><Content><![CDATA[ <b>&amp;</b> ]]>&amp;\r\n</Content></xml>",
		"<?xml version=\"1.0\"?><!-- --><xml/>",
		"<xml><AuthCode>an auth code</AuthCode><AuthCode><![CDATA[ and then another one ]]></AuthCode></xml>",
		"<xml><InfoType>suite_ticket</InfoType></xml>",
		"<xml><A></xml>", "hello", "", "\xff",
		`{"SuiteId":"` + testSuiteID + `","InfoType":"create_auth","TimeStamp":1700000000,"AuthCode":"an auth code that works once"}`,
		`{"MsgType":"text","Content":" a\u0000b\r\n]]> ","ToUserName":"` + testCorp + `","Items":[{"A":1},2],"":3,"A":null}`,
		`{"MsgType":"text","CreateTime":1e400,"AgentID":-0.5e-00000001}`,
		`{"InfoType":"a","InfoType":"b"}`, `{}`, `[]`, `{`,
	} {
		f.Add([]byte(plaintext))
	}

	f.Fuzz(func(t *testing.T, plaintext []byte) {
		server := newFixture(t)
		var messages []*openwork.Message
		server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			messages = append(messages, msg)
			return next(msg)
		})
		w := server.do(newPush(string(plaintext)).request())
		if w.Code != http.StatusOK {
			require.Contains(t, []int{http.StatusBadRequest, http.StatusForbidden}, w.Code)
			require.Empty(t, w.Body.String())
			require.Empty(t, messages, "a handler ran")
			requireTicketError(server, openwork.ErrNoSuiteTicket)
			return
		}
		require.Equal(t, "success", w.Body.String())
		require.Len(t, messages, 1)
		msg := messages[0]
		require.Equal(t, string(plaintext), string(msg.Raw()))

		fields := fieldsOf(msg)
		if text := bytes.TrimLeft(bytes.TrimPrefix(plaintext, []byte("\uFEFF")), blanks); text[0] == '{' {
			requireMembers(t, fields, text)
		} else {
			var reference readDocument
			require.NoError(t, xml.Unmarshal(plaintext, &reference))
			require.Equal(t, trimmed(reference.Fields), trimmed(fields))
		}
		var decoded readDocument
		require.NoError(t, msg.Decode(&decoded))
		require.Equal(t, trimmed(decoded.Fields), trimmed(fields), "Decode and Fields differ")
		requireGet(t, msg, fields)
		requireHead(t, msg, fields)
		requireRedacted(t, msg, fields, server.log.String())
	})
}

// FuzzQuery checks the answer to a valid push with any query against net/url: what is accepted has each parameter
// exactly once, in its shape, and nothing that net/url would drop; what is refused has not. SIGNATURE in the query
// stands for the right one, for whatever timestamp and nonce net/url finds in it.
func FuzzQuery(f *testing.F) {
	p := newPush("", func(p *push) {
		p.Encrypt = refEncryptRaw(testKey, refPad(fixedFrame([]byte(command("change_auth")), testSuiteID)))
	}).parts()
	valid := "msg_signature=SIGNATURE&timestamp=1700000000&nonce=1372623149"
	for _, query := range []string{
		valid, p.RawQuery,
		"nonce=1372623149&timestamp=1700000000&msg_signature=SIGNATURE",
		"corpid=$CORPID$&" + valid, valid + "&echostr=a&corpid=%24CORPID%24", "&&" + valid + "&", "a&=b&=&" + valid,
		strings.Replace(valid, "SIGNATURE", "UPPERCASE", 1),
		strings.Replace(valid, "SIGNATURE", strings.Repeat("0", 40), 1),
		strings.Replace(valid, "SIGNATURE", "SIGNATURE0", 1),
		strings.Replace(valid, "nonce", "%6eonce", 1), strings.Replace(valid, "1372623149", "%31", 1),
		strings.Replace(valid, "nonce", "Nonce", 1), strings.Replace(valid, "nonce", "+nonce", 1),
		strings.Replace(valid, "1372623149", "a-_Z", 1), strings.Replace(valid, "1372623149", "a+b", 1),
		strings.Replace(valid, "1372623149", strings.Repeat("a", 33), 1), strings.Replace(valid, "1372623149", "%00", 1),
		strings.Replace(valid, "1700000000", "12345678901", 1), strings.Replace(valid, "1700000000", "-1", 1),
		strings.Replace(valid, "1700000000", "123456789012", 1), strings.Replace(valid, "1700000000", "0", 1),
		strings.Replace(valid, "1700000000", "%EF%BC%91", 1), strings.Replace(valid, "=1700000000", "", 1),
		valid + "&nonce=1372623149", valid + "&nonce", valid + "&nonce=", valid + "&%74imestamp=1", "nonce=&" + valid,
		valid + ";a=b", valid + "&a=b;c", strings.ReplaceAll(valid, "&", ";"), valid + "%3B", valid + "&a=%", valid + "&%zz=b", valid + "&a=%ff#",
		valid + "&a=" + strings.Repeat("x", 8<<10), valid + strings.Repeat("&a", 4000), "",
	} {
		f.Add(query)
	}

	f.Fuzz(func(t *testing.T, rawQuery string) {
		loose, _ := url.ParseQuery(rawQuery)
		signature := refSign(testToken, loose.Get("timestamp"), loose.Get("nonce"), p.Encrypt)
		rawQuery = strings.ReplaceAll(rawQuery, "SIGNATURE", signature)
		rawQuery = strings.ReplaceAll(rawQuery, "UPPERCASE", strings.ToUpper(signature))

		want := http.StatusOK
		strict, err := url.ParseQuery(rawQuery)
		switch {
		case err != nil || len(rawQuery) > 8<<10,
			len(strict["msg_signature"]) != 1 || len(strict["timestamp"]) != 1 || len(strict["nonce"]) != 1,
			!shapeOfSignature.MatchString(strict.Get("msg_signature")),
			!shapeOfTimestamp.MatchString(strict.Get("timestamp")),
			!shapeOfNonce.MatchString(strict.Get("nonce")):
			want = http.StatusBadRequest
		case refSign(testToken, strict.Get("timestamp"), strict.Get("nonce"), p.Encrypt) != strings.ToLower(strict.Get("msg_signature")):
			want = http.StatusForbidden
		}
		server := newFixture(t, func(cfg *openwork.Config) { cfg.Tolerance = -1 })
		w := server.do(p.requestWithQuery(rawQuery))
		require.Equal(t, want, w.Code)
		if want != http.StatusOK {
			require.Empty(t, w.Body.String())
			require.Empty(t, server.handledNames(), "a handler ran")
			return
		}
		require.Equal(t, "success", w.Body.String())
		require.Equal(t, []string{"change_auth"}, server.handledNames())
	})
}

var (
	shapeOfSignature   = regexp.MustCompile(`\A[0-9A-Fa-f]{40}\z`)
	shapeOfElementName = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_.-]*\z`)
)

const blanks = " \t\r\n"

// readDocument is a push as encoding/xml reads it: names and text of the top-level fields.
type readDocument struct {
	Fields []messageField `xml:",any"`
}

type messageField struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

func (f messageField) name() string { return f.XMLName.Local }

func fieldsOf(msg *openwork.Message) (fields []messageField) {
	for name, value := range msg.Fields() {
		fields = append(fields, messageField{xml.Name{Local: name}, value})
	}
	return fields
}

// trimmed is fields without the blanks around their values: those in CDATA stay, and encoding/xml does not say which
// they were.
func trimmed(fields []messageField) []messageField {
	out := make([]messageField, len(fields))
	for i, f := range fields {
		out[i] = messageField{f.XMLName, strings.Trim(f.Value, blanks)}
	}
	return out
}

// requireMembers compares what was read with encoding/json, which knows the last of several members of one name.
func requireMembers(t *testing.T, fields []messageField, text []byte) {
	t.Helper()
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // a float64 does not hold every number that JSON can write
	require.NoError(t, d.Decode(&members))
	last := map[string]string{}
	for _, f := range fields {
		require.Contains(t, members, f.name())
		last[f.name()] = f.Value
	}
	for name, value := range members {
		if !shapeOfElementName.MatchString(name) {
			continue
		}
		switch value := value.(type) {
		case string:
			require.Equal(t, withoutControls(value), last[name], name)
		case json.Number:
			require.Equal(t, value.String(), last[name], name)
		case bool:
			require.Equal(t, fmt.Sprint(value), last[name], name)
		case nil, map[string]any:
			require.Contains(t, last, name)
			require.Empty(t, last[name], name)
		}
	}
}

// withoutControls has U+FFFD for what XML can't hold.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && !strings.ContainsRune(blanks, r) || r == 0xFFFE || r == 0xFFFF {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// requireGet checks Get: the first of exactly that name, else the first in any case.
func requireGet(t *testing.T, msg *openwork.Message, fields []messageField) {
	t.Helper()
	first := func(is func(string) bool) (string, bool) {
		i := slices.IndexFunc(fields, func(f messageField) bool { return is(f.name()) })
		if i < 0 {
			return "", false
		}
		return fields[i].Value, true
	}
	for _, f := range fields {
		for _, name := range []string{f.name(), strings.ToUpper(f.name()), strings.ToLower(f.name())} {
			want, ok := first(func(other string) bool { return other == name })
			if !ok {
				want, _ = first(func(other string) bool { return strings.EqualFold(other, name) })
			}
			require.Equal(t, want, msg.Get(name), name)
		}
	}
	require.Empty(t, msg.Get("no such field"))
}

// requireHead checks the fields of Message against the fields of the push.
func requireHead(t *testing.T, msg *openwork.Message, fields []messageField) {
	t.Helper()
	values := func(name string) (all []string) {
		for _, f := range fields {
			if value := strings.TrimSpace(f.Value); strings.EqualFold(f.name(), name) && value != "" {
				all = append(all, value)
			}
		}
		return append(all, "")
	}
	require.Contains(t, values("AgentID"), msg.AgentID)
	for name, got := range map[string]string{
		"SuiteId": msg.SuiteID, "AuthCorpId": msg.AuthCorpID, "InfoType": msg.InfoType, "ChangeType": msg.ChangeType,
		"ToUserName": msg.ToUserName, "FromUserName": msg.FromUserName, "MsgType": msg.MsgType, "Event": msg.Event,
	} {
		require.Equal(t, values(name)[0], got, name)
		require.LessOrEqual(t, len(values(name)), 2, "%s decides, and is there more than once", name)
	}
	require.Contains(t, []string{"", testSuiteID}, msg.SuiteID)
	require.Equal(t, testSuiteID, msg.ReceiveID)
	require.Equal(t, testSuiteID, msg.App)
	require.Equal(t, cmp.Or(msg.AuthCorpID, values("PaidCorpId")[0], msg.ToUserName), msg.CorpID)
	name, changeType := "", msg.ChangeType
	switch {
	case msg.InfoType != "":
		name = msg.InfoType
	case msg.MsgType == "event":
		name = msg.Event
	case msg.MsgType != "":
		name, changeType = "message", msg.MsgType
	default:
		changeType = ""
	}
	if changeType != "" {
		name += "." + changeType
	}
	require.Equal(t, name, msg.Name())
	if !msg.Time.IsZero() {
		require.Zero(t, msg.Time.Nanosecond())
		all := strings.Join(append(values("TimeStamp"), values("CreateTime")...), " ")
		require.Regexp(t, fmt.Sprintf(`\b0*%d\b`, msg.Time.Unix()), all)
	}
}

// requireRedacted checks that nothing that prints or logs a message shows the values that are secret or private. A value
// that also stands in what is public is none.
func requireRedacted(t *testing.T, msg *openwork.Message, fields []messageField, log string) {
	t.Helper()
	public := openwork.Message{InfoType: msg.InfoType, ChangeType: msg.ChangeType, MsgType: msg.MsgType, Event: msg.Event,
		App: msg.App, CorpID: msg.CorpID, Time: msg.Time}
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			a.Value = slog.TimeValue(time.Time{})
		}
		return a
	}}))
	logger.Info("", "msg", public)
	publicLog := logged.String()
	logged.Reset()
	logger.Info("", "msg", msg, "value", *msg, "err", fmt.Errorf("%v", msg))

	shown := []string{msg.String(), log, logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, msg), fmt.Sprintf(verb, *msg), fmt.Sprintf(verb, struct{ M *openwork.Message }{msg}))
	}
	for _, f := range fields {
		if !slices.Contains([]string{"suiteticket", "authcode", "content"}, strings.ToLower(f.name())) || len(f.Value) <= 12 ||
			strings.Contains(public.String()+publicLog, f.Value) {
			continue
		}
		for _, text := range shown {
			require.NotContains(t, text, f.Value, "%s is shown", f.name())
		}
	}
}
