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
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/stretchr/testify/require"
)

// FuzzMessage checks that a push with any plaintext is handled or refused, never a failure of ours; that a Message holds
// what the standard library reads in the plaintext; and that printing it shows no ticket, code or content.
func FuzzMessage(f *testing.F) {
	counted := textMessage("Z, ### bytes}")
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
		`{"A":1,"A":[2,3],"B":[1,2],"B":"last","C":{"D":1},"C":null}`,
		command("change_school_contact", "ChangeType", "create_deparmtment"),
		dataEvent("change_school_contact", "ChangeType", "update_deparmtment"),
		dataEvent("Change_School_Contact", "ChangeType", "UPDATE_DEPARMTMENT"), dataEvent("CLICK"), dataEvent("cli\u212ac\u212a"),
		command("Suite_Ticket", "ChangeType", "Click"), document("MsgType", "Event", "Event", "location", "ChangeType", "x.y"),
		document("MsgType", "TEXT"), document("MsgType", "evenT"), document("MsgType", "event", "ChangeType", "click"),
		command("change_school_contact.delete_deparmtment"),
		"<xml><AgentID>1</AgentID><AgentID/><MsgType>event</MsgType><Event/><ChangeType>a</ChangeType></xml>",
		strings.Replace(cryptoTicket, "<TimeStamp><![CDATA[", "<TimeStamp><![CDATA[0", 1),
		ticketXML(testSuiteID, "of another time", time.Unix(0, 0)), ticketXML(testSuiteID, "of another time", time.Unix(99_999_999_999, 0)),
		document("SuiteId", testSuiteID, "InfoType", "suite_ticket", "SuiteTicket", "of no time", "SUITETICKET", "another"),
		"\uFEFF \n" + `{"\u0053uiteId":"` + testSuiteID + `","InfoType":["a"],"Content":"\ud800\ud83d\ude00","MsgType":[],"Event":{"a b":1}}`,
		document("MsgType", "text", "CreateTime", "00000000001", "TimeStamp", "\u00a01\u2003", "ToUserName", "\u3000"),
		// What stands there anyway, when a message is printed or logged, is no leak.
		textMessage("struct { M *openwork.Message }"),
		textMessage("value.app=" + testSuiteID + " value.name=x"),
		command("x", "AuthCode", "value.app="+testSuiteID+" value.name=x"),
		command("a name\tthat is one", "AuthCode", `a name\\tthat is one`), textMessage(`\"message.text\"`),
		strings.Replace(counted, "###", fmt.Sprint(len(counted)), 1),
		command(", 0 bytes} and 1 bytes bytes=0", "AuthCode", ", 0 bytes} and 1 bytes bytes=0"),
		strings.Replace(ticketXML(testSuiteID, strings.Repeat("t", 600), testNow), "</xml>",
			`<Content>level=WARN msg="openwork: suite_ticket is longer than documented" app=`+testSuiteID+" bytes=6</Content></xml>", 1),
	} {
		f.Add([]byte(plaintext))
	}
	f.Add([]byte("<xml>" + manyElements(200) + "</xml>"))
	f.Add([]byte(`{"` + strings.Repeat(`a":1,"a":[1,2],"`, 200) + `b":1}`))

	f.Fuzz(func(t *testing.T, plaintext []byte) {
		if len(plaintext) > longestFuzzed {
			t.Skip("longer than the comparison is quick")
		}
		server := newFixture(t, withBudget(time.Minute))
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
		// What users write may hold what XML and JSON forbid; how that is read,
		// FuzzReadMessage checks.
		if text := bytes.TrimLeft(bytes.TrimPrefix(plaintext, []byte("\uFEFF")), blanks); text[0] == '{' {
			if json.Valid(text) && utf8.Valid(text) {
				requireMembers(t, fields, text)
			}
		} else {
			var reference readDocument
			if err := xml.Unmarshal(plaintext, &reference); err == nil {
				require.Equal(t, trimmed(reference.Fields), trimmed(fields))
			} else {
				require.Regexp(t, "illegal character code|invalid UTF-8|invalid character entity", err.Error())
			}
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
		server := newFixture(t, withBudget(time.Minute), func(cfg *openwork.Config) { cfg.Tolerance = -1 })
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

const (
	blanks        = " \t\r\n"
	longestFuzzed = 64 << 10
)

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
		_, ok := members[f.name()] // not require.Contains, which walks through the map
		require.True(t, ok, f.name())
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
			text, ok := last[name]
			require.True(t, ok, name)
			require.Empty(t, text, name)
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

// requireGet checks Get: the first of exactly that name, else the first in any case. Get looks at all fields in turn, so of
// very many names not all are tried.
func requireGet(t *testing.T, msg *openwork.Message, fields []messageField) {
	t.Helper()
	exact, anyCase := map[string]string{}, map[string]string{} // names are ASCII
	for _, f := range fields {
		if _, ok := exact[f.name()]; !ok {
			exact[f.name()] = f.Value
		}
		if _, ok := anyCase[strings.ToLower(f.name())]; !ok {
			anyCase[strings.ToLower(f.name())] = f.Value
		}
	}
	tried := map[string]bool{}
	for _, f := range fields {
		if tried[f.name()] || len(tried) == 1000 {
			continue
		}
		tried[f.name()] = true
		for _, name := range []string{f.name(), strings.ToUpper(f.name()), strings.ToLower(f.name())} {
			want, ok := exact[name]
			if !ok {
				want = anyCase[strings.ToLower(name)]
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
	infoType, changeType, msgType, eventName := values("InfoType")[0], values("ChangeType")[0], values("MsgType")[0], values("Event")[0]
	name := ""
	switch {
	case infoType != "":
		infoType, changeType = wellSpelled(infoType, changeType)
		name = strings.TrimSuffix(infoType+"."+changeType, ".")
	case asciiLower(msgType) == "event":
		msgType = "event"
		eventName, changeType = wellSpelled(eventName, changeType)
		name = strings.TrimSuffix(eventName+"."+changeType, ".")
	case msgType != "":
		_, msgType = wellSpelled("message", msgType)
		name = "message." + msgType
		eventName, changeType = "", "" // of events only
	}
	require.Equal(t, name, msg.Name())
	for name, want := range map[string][2]string{
		"SuiteId": {values("SuiteId")[0], msg.SuiteID}, "AuthCorpId": {values("AuthCorpId")[0], msg.AuthCorpID},
		"ToUserName": {values("ToUserName")[0], msg.ToUserName}, "FromUserName": {values("FromUserName")[0], msg.FromUserName},
		"InfoType": {infoType, msg.InfoType}, "ChangeType": {changeType, msg.ChangeType},
		"MsgType": {msgType, msg.MsgType}, "Event": {eventName, msg.Event},
	} {
		require.Equal(t, want[0], want[1], name)
		require.LessOrEqual(t, len(values(name)), 2, "%s decides, and is there more than once", name)
	}
	require.Contains(t, []string{"", testSuiteID}, msg.SuiteID)
	require.Equal(t, testSuiteID, msg.ReceiveID)
	require.Equal(t, testSuiteID, msg.App)
	corps := []string{msg.AuthCorpID, values("PaidCorpId")[0], msg.ToUserName}
	if msgType != "" {
		corps = []string{msg.ToUserName}
	}
	require.Equal(t, cmp.Or(corps...), msg.CorpID)
	if !msg.Time.IsZero() {
		require.Zero(t, msg.Time.Nanosecond())
		all := strings.Join(append(values("TimeStamp"), values("CreateTime")...), " ")
		require.Regexp(t, fmt.Sprintf(`\b0*%d\b`, msg.Time.Unix()), all)
	}
}

// wellSpelled is a name in two parts as the catalogue has it, if it does, in
// any case and in both spellings of WeCom's pages.
func wellSpelled(first, second string) (string, string) {
	spelled := spellings()
	if name, ok := spelled[[2]string{asciiLower(first), asciiLower(second)}]; ok {
		return name[0], name[1]
	}
	if family, ok := spelled[[2]string{asciiLower(first)}]; ok {
		return family[0], second
	}
	return first, second
}

// spellings are the names and families of the catalogue, by their lower case.
var spellings = sync.OnceValue(func() map[[2]string][2]string {
	events, err := catalogue.Events()
	if err != nil {
		panic(err)
	}
	spelled := map[[2]string][2]string{}
	for _, e := range events {
		first, second := e.Parts()
		spelled[[2]string{asciiLower(first)}] = [2]string{first}
		for _, name := range append([]string{e.Name}, e.Aliases...) {
			family, changeType, _ := strings.Cut(asciiLower(name), ".")
			spelled[[2]string{family, changeType}] = [2]string{first, second}
		}
	}
	return spelled
})

func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// requireRedacted checks that what prints or logs a message shows no more than what is public of it, and that the
// Server's own log shows no value that is secret or private.
func requireRedacted(t *testing.T, msg *openwork.Message, fields []messageField, log string) {
	t.Helper()
	public := showings(&openwork.Message{InfoType: msg.InfoType, ChangeType: msg.ChangeType, MsgType: msg.MsgType,
		Event: msg.Event, App: msg.App, CorpID: msg.CorpID, Time: msg.Time})
	require.Equal(t, public, showings(msg))

	public += `level=WARN msg="openwork: suite_ticket is longer than documented" app=` + msg.App +
		fmt.Sprintf(" bytes=%d\n", len(strings.TrimSpace(msg.Get("SuiteTicket"))))
	for _, f := range fields {
		if slices.Contains([]string{"suiteticket", "authcode", "content"}, strings.ToLower(f.name())) && len(f.Value) > 12 &&
			!strings.Contains(public, f.Value) {
			require.NotContains(t, log, f.Value, "%s is shown", f.name())
		}
	}
}

// showings is all that prints or logs a message, but for the number of its bytes.
func showings(msg *openwork.Message) string {
	var b strings.Builder
	logger := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	logger.Info("", "msg", msg, "value", *msg, "err", fmt.Errorf("%v", msg))
	b.WriteString(msg.String())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{msg, *msg, struct{ M *openwork.Message }{msg}} {
			fmt.Fprintf(&b, "\n"+verb, v)
		}
	}
	return numberOfBytes.ReplaceAllString(b.String(), "bytes")
}

var numberOfBytes = regexp.MustCompile(`[0-9]+ bytes|bytes=[0-9]+`)

// manyElements is so many elements, all of different names.
func manyElements(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<a%x/>", i)
	}
	return b.String()
}
