package openwork_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// userText is what a member or an app wrote, and how it is read.
type userText struct{ name, text, want string }

// brokenText holds what XML cannot, byte by byte, as WeCom passes it on.
var brokenText = func() []userText {
	rows := []userText{
		{"U+FFFE", "a\uFFFEb", "a\uFFFDb"},
		{"U+FFFF", "a\uFFFFb", "a\uFFFDb"},
		{"a lone high surrogate", "a\xed\xa0\xbdb", "a\uFFFDb"},
		{"a lone low surrogate", "a\xed\xb8\x80b", "a\uFFFDb"},
		{"a lone surrogate at the end", "a\xed\xa0\xbd", "a\uFFFD"},
		{"nothing but a lone surrogate", "\xed\xa0\xbd", "\uFFFD"},
		{"a character of 2 bytes, cut", "a\xc3", "a\uFFFD"},
		{"a character of 3 bytes, cut after 1", "名\xe5", "名\uFFFD"},
		{"a character of 3 bytes, cut after 2", "名\xe5\x90", "名\uFFFD"},
		{"a character of 4 bytes, cut after 1", "a\xf0", "a\uFFFD"},
		{"a character of 4 bytes, cut after 2", "a\xf0\x9f", "a\uFFFD"},
		{"a character of 4 bytes, cut after 3", "a\xf0\x9f\x98", "a\uFFFD"},
		{"nothing but half a character", "\xe5\x90", "\uFFFD"},
		{"several of them", "\x02a\x1d\uFFFFb\x10名", "\uFFFDa\uFFFD\uFFFDb\uFFFD名"},
		{"several of them, and a cut character", "\x02张三\x10\xe4\xb8", "\uFFFD张三\uFFFD\uFFFD"},
		{"nothing but a control character", "\x08", "\uFFFD"},
	}
	for c := range byte(0x20) {
		if c != '\t' && c != '\n' && c != '\r' {
			rows = append(rows, userText{fmt.Sprintf("control character %#02x", c), "a" + string(rune(c)) + "b", "a\uFFFDb"})
		}
	}
	return rows
}()

// writing is a way to write a value into a push.
type writing struct {
	name string
	json bool
	rows []userText
	put  func(text string) string
}

// writings are all of them, each with what may stand there.
func writings() []writing {
	itself := func(text string) string { return text }
	references := []userText{
		{"&#x10;", "a&#x10;b", "a\uFFFDb"}, {"&#16;", "a&#16;b", "a\uFFFDb"}, {"&#0;", "a&#0;b", "a\uFFFDb"},
		{"&#xFFFE;", "a&#xFFFE;b", "a\uFFFDb"}, {"&#xFFFF;", "a&#xFFFF;b", "a\uFFFDb"}, {"&#xD83D;", "a&#xD83D;b", "a\uFFFDb"},
		{"&#x8; beside others", "&lt;&#x8;&amp;&#20013;", "<\uFFFD&中"},
	}
	escapes := []userText{
		{`\u0010`, `a\u0010b`, "a\uFFFDb"}, {`\u0000`, `a\u0000b`, "a\uFFFDb"}, {`\b`, `a\bb`, "a\uFFFDb"}, {`\f`, `a\fb`, "a\uFFFDb"},
		{`\ufffe`, `a\ufffeb`, "a\uFFFDb"}, {`\uFFFF`, `a\uFFFFb`, "a\uFFFDb"}, {`\ud83d`, `a\ud83db`, "a\uFFFDb"},
		{`\ude00`, `a\ude00b`, "a\uFFFDb"}, {`\ud83d at the end`, `a\ud83d`, "a\uFFFD"},
	}
	return []writing{
		{"CDATA", false, brokenText, func(text string) string { return "<![CDATA[" + text + "]]>" }},
		{"CDATA among blanks", false, brokenText, func(text string) string { return "\n <![CDATA[" + text + "]]>\n" }},
		{"text", false, slices.Concat(brokenText, references), itself},
		{"JSON", true, slices.Concat(brokenText, escapes), itself},
	}
}

// aUser is create_user in both forms, with what somebody wrote in three places.
func aUser(data, asJSON bool, text string) (plaintext, receiveID string) {
	head := []string{"SuiteId", testSuiteID, "AuthCorpId", testCorp, "InfoType", "change_contact", "TimeStamp", "1700000000"}
	receiveID = testSuiteID
	if data {
		head = []string{"ToUserName", testCorp, "FromUserName", "sys", "CreateTime", "1700000000", "MsgType", "event", "Event", "change_contact"}
		receiveID = testCorp
	}
	head = append(head, "ChangeType", "create_user", "UserID", "zhangsan")
	if asJSON {
		return strings.TrimSuffix(jsonDocument(head...), "}") + `,"Name":"` + text + `","ExtAttr":{"Item":[` +
			`{"Name":"first","Type":0,"Text":{"Value":"` + text + `"}},` +
			`{"Name":"` + text + `","Type":1,"Web":{"Title":"second"}}]},"Department":"1,2"}`, receiveID
	}
	return strings.TrimSuffix(document(head...), "</xml>") + "<Name>" + text + "</Name><ExtAttr>" +
		"<Item><Name>first</Name><Type>0</Type><Text><Value>" + text + "</Value></Text></Item>" +
		"<Item><Name>" + text + "</Name><Type>1</Type><Web><Title>second</Title></Web></Item></ExtAttr>" +
		"<Department>1,2</Department></xml>", receiveID
}

// ownUser is a struct of the user's.
type ownUser struct {
	UserID string
	Name   string
	Items  []struct {
		Name string
		Text struct{ Value string }
		Web  struct{ Title string }
	} `xml:"ExtAttr>Item"`
	Department string
}

// What users write does not lose a genuine push, and reads as U+FFFD in every
// reader.
func TestU1_WhatXMLCannotHold(t *testing.T) {
	t.Parallel()
	for _, writing := range writings() {
		for _, data := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, data URL: %v", writing.name, data), func(t *testing.T) {
				t.Parallel()
				for _, row := range writing.rows {
					plaintext, receiveID := aUser(data, writing.json, writing.put(row.text))
					f := newFixture(t)
					var msg *openwork.Message
					var typed *event.CreateUser
					openwork.On(f.Server, func(m *openwork.Message, e *event.CreateUser, next openwork.Next) (openwork.Reply, error) {
						msg, typed = m, e
						return next(m)
					})
					w := f.do(newPush(plaintext, func(p *push) { p.ReceiveID = receiveID }).request())
					require.Equal(t, http.StatusOK, w.Code, "%s: %s", row.name, f.log)
					require.NotNil(t, msg, row.name)
					requireReads(t, msg, row.want, row.name)
					require.Equal(t, row.want, typed.Name, "On: %s", row.name)
					require.Equal(t, plaintext, string(msg.Raw()), "Raw: %s", row.name)
				}
			})
		}
	}
}

// requireReads checks every reader of a message that aUser made.
func requireReads(t *testing.T, msg *openwork.Message, want, name string) {
	t.Helper()
	require.Equal(t, "change_contact.create_user", msg.Name(), name)
	require.Equal(t, testCorp, msg.CorpID, name)
	require.Equal(t, want, msg.Get("Name"), "Get: %s", name)
	require.Equal(t, "zhangsan", msg.Get("UserID"), name)
	fields := map[string]string{}
	for field, value := range msg.Fields() {
		fields[field] = value
	}
	require.Equal(t, want, fields["Name"], "Fields: %s", name)

	var decoded event.CreateUser
	require.NoError(t, msg.Decode(&decoded))
	typed, err := msg.Typed()
	require.NoError(t, err)
	for how, user := range map[string]*event.CreateUser{"Decode": &decoded, "Typed": typed.(*event.CreateUser)} {
		require.Equal(t, want, user.Name, "%s: %s", how, name)
		require.Len(t, user.ExtAttr, 2, "%s: %s", how, name)
		require.Equal(t, want, user.ExtAttr[0].Text.Value, "%s: %s", how, name)
		require.Equal(t, want, user.ExtAttr[1].Name, "%s: %s", how, name)
		require.Equal(t, "second", user.ExtAttr[1].Web.Title, "%s: %s", how, name)
		require.Equal(t, []int64{1, 2}, user.Department, "%s: %s", how, name)
	}

	var own ownUser
	require.NoError(t, msg.Decode(&own), "Decode into a struct of one's own: %s", name)
	require.Equal(t, want, strings.Trim(own.Name, " \n"), "Decode into a struct of one's own: %s", name)
	require.Len(t, own.Items, 2, name)
	require.Equal(t, want, strings.Trim(own.Items[0].Text.Value, " \n"), name)
	require.Equal(t, want, strings.Trim(own.Items[1].Name, " \n"), name)
	require.Equal(t, "second", own.Items[1].Web.Title, name)
	require.Equal(t, "1,2", own.Department, name)
}

// A member's message arrives too, is answered, and is known again.
func TestU1_MessageOfAMember(t *testing.T) {
	t.Parallel()
	for _, row := range brokenText {
		for form, text := range map[string]string{
			"XML": strings.Replace(textMessage("§"), "§", row.text, 1),
			"JSON": strings.Replace(`{"ToUserName":"`+testCorp+`","FromUserName":"zhangsan","CreateTime":1700000000,"MsgType":"text",`+
				`"Content":"§","MsgId":1,"AgentID":2}`, "§", row.text, 1),
		} {
			t.Run(form+", "+row.name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				var got []string
				openwork.On(f.Server, func(msg *openwork.Message, e *event.MessageText, _ openwork.Next) (openwork.Reply, error) {
					got = append(got, e.Content)
					return openwork.Text("you said " + e.Content), nil
				})
				w := f.do(newPush(text, toCorp).request())
				require.Equal(t, http.StatusOK, w.Code, f.log)
				require.Equal(t, []string{row.want}, got)
				_, encrypt, _ := strings.Cut(w.Body.String(), "<Encrypt><![CDATA[")
				encrypt, _, _ = strings.Cut(encrypt, "]]>")
				reply, _ := refOpen(t, testKey, encrypt)
				require.Contains(t, reply, "you said "+row.want)
				require.Equal(t, http.StatusOK, f.do(newPush(text, toCorp).request()).Code)
				require.Len(t, got, 1, "the copy was handled again")
			})
		}
	}
}

// What stands in a queue is read there as it is here.
func TestU1_ThroughAQueue(t *testing.T) {
	t.Parallel()
	for _, writing := range writings() {
		for _, row := range writing.rows {
			for _, data := range []bool{false, true} {
				plaintext, receiveID := aUser(data, writing.json, writing.put(row.text))
				queue := &keepingQueue{}
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = queue })
				handled := 0
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					handled++
					requireReads(t, msg, row.want, row.name)
					require.Equal(t, plaintext, string(msg.Raw()))
					return next(msg)
				})
				f.requireSuccess(newPush(plaintext, func(p *push) { p.ReceiveID = receiveID }).request())
				require.Len(t, queue.all(), 1)
				text, err := queue.all()[0].MarshalText()
				require.NoError(t, err)
				var d openwork.Delivery
				require.NoError(t, d.UnmarshalText(text))
				require.NoError(t, f.Process(t.Context(), d))
				require.Equal(t, 1, handled)
			}
		}
	}
}

// Repaired are values, each by itself. What else is broken is not taken: noise
// would be read as text.
func TestU1_WhatIsRefused(t *testing.T) {
	t.Parallel()
	broken := map[string]string{
		"a byte of no UTF-8":                  "a\xffb",
		"a byte of no UTF-8 at the end":       "a\xff",
		"a continuation alone":                "a\x80b",
		"a continuation at the end":           "a\x80",
		"a slash of two bytes":                "a\xc0\xafb",
		"half a character in the middle":      "a\xe5\x90b",
		"half a character before a control":   "a\xe5\x90\x10",
		"two halves at the end":               "a\xe5\xe5",
		"half a character after half a one":   "\xe5\x90\xf0\x9f",
		"beyond the last character":           "a\xf4\x90\x80\x80b",
		"a character of five bytes":           "a\xf8\x88\x80\x80\x80b",
		"GBK":                                 "\xd6\xd0\xb9\xfa",
		"a surrogate and a byte of no UTF-8":  "\xed\xa0\xbd\xff",
		"a control character and no UTF-8":    "\x10\xff",
		"what ends as half a surrogate would": "a\xed\xa0\x10",
	}
	for _, data := range []bool{false, true} {
		status := map[bool]int{false: 400, true: 403}[data]
		for _, form := range writings() {
			for name, text := range broken {
				t.Run(fmt.Sprintf("%s, data URL: %v, %s", form.name, data, name), func(t *testing.T) {
					t.Parallel()
					plaintext, receiveID := aUser(data, form.json, form.put(text))
					newFixture(t).requireRefused(status, newPush(plaintext, func(p *push) { p.ReceiveID = receiveID }).request())
				})
			}
			for _, bad := range []string{"\x10", "\x00", "\uFFFE", "\uFFFF", "\xed\xa0\xbd", "\xe5\x90"} {
				t.Run(fmt.Sprintf("%s, data URL: %v, %q outside a value", form.name, data, bad), func(t *testing.T) {
					t.Parallel()
					good, receiveID := aUser(data, form.json, form.put("good"))
					for _, plaintext := range []string{
						bad + good, good + bad, strings.ReplaceAll(good, "Name>", "Na"+bad+"me>"), strings.Replace(good, "<Name>", "<Na"+bad+"me>", 1),
						strings.Replace(good, "</Name>", "</Na"+bad+"me>", 1), strings.Replace(good, "<Name>", bad+"<Name>", 1),
						strings.Replace(good, "<Item>", "<Item>"+bad, 1), strings.Replace(good, "</Item>", bad+"</Item>", 1),
						strings.ReplaceAll(good, `"Name":`, `"Na`+bad+`me":`), strings.Replace(good, `"Name":`, bad+`"Name":`, 1),
						strings.Replace(good, `"Name":`, `"Name"`+bad+`:`, 1), strings.Replace(good, `[{`, `[`+bad+`{`, 1),
						strings.Replace(good, "<![CDATA[good", "<![CDA"+bad+"TA[good", 1), strings.Replace(good, "]]></Name", "]"+bad+"]></Name", 1),
						strings.Replace(good, "<Department>1", "<"+bad+"/><Department>1", 1),
					} {
						if strings.Contains(plaintext, `"Na`+bad) && bad[0] == 0xef {
							continue // a JSON name that is no element's, which is left out
						}
						if plaintext != good {
							newFixture(t).requireRefused(status, newPush(plaintext, func(p *push) { p.ReceiveID = receiveID }).request())
						}
					}
				})
			}
		}
	}
}

// Heads, ids and times are nobody's text, and the events of authorisation hold
// none: they are as strict as ever.
func TestU1_WhatStaysStrict(t *testing.T) {
	t.Parallel()
	const suite, corp = testSuiteID, testCorp
	user, _ := aUser(false, false, "zhang")
	userOnData, _ := aUser(true, false, "zhang")
	auth := func(name string) string {
		return command(name, "State", "state", "AuthCode", "code", "SuiteTicket", "ticket", "ExtraInfo", "x", "Later", "later")
	}
	for _, row := range []struct {
		name, text, receiveID string
		fields                []string
	}{
		{"command push", strings.Replace(user, "</xml>", "<AuthCode>code</AuthCode><SuiteTicket>ticket</SuiteTicket><MsgId>1</MsgId></xml>", 1), suite,
			[]string{"SuiteId", "AuthCorpId", "InfoType", "ChangeType", "TimeStamp", "AuthCode", "SuiteTicket", "MsgId"}},
		{"order", document("SuiteId", suite, "PaidCorpId", corp, "InfoType", "open_order", "TimeStamp", "1700000000"), suite,
			[]string{"PaidCorpId"}},
		{"data push", strings.Replace(userOnData, "</xml>", "<AgentID>1</AgentID><SuiteId>"+suite+"</SuiteId></xml>", 1), corp,
			[]string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "ChangeType", "AgentID", "SuiteId"}},
		{"message", textMessage("hello"), corp, []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "AgentID"}},
		{"provider's push", document("ServiceCorpId", testProvider, "InfoType", "license_pay_success", "AuthCorpId", corp, "TimeStamp", "1700000000"),
			testProvider, []string{"ServiceCorpId", "InfoType", "AuthCorpId", "TimeStamp"}},
		{"suite_ticket", ticketXML(suite, "ticket", testNow), suite, []string{"SuiteId", "InfoType", "TimeStamp", "SuiteTicket"}},
		{"create_auth", auth("create_auth"), suite, []string{"AuthCode", "State", "ExtraInfo", "Later", "AuthCorpId", "TimeStamp"}},
		{"change_auth", auth("change_auth"), suite, []string{"AuthCode", "State", "ExtraInfo", "Later", "AuthCorpId"}},
		{"cancel_auth", auth("cancel_auth"), suite, []string{"AuthCode", "State", "ExtraInfo", "Later", "AuthCorpId"}},
		{"reset_permanent_code", auth("reset_permanent_code"), suite, []string{"AuthCode", "State", "ExtraInfo", "Later", "AuthCorpId"}},
		{"suite_ticket with more", auth("suite_ticket"), suite, []string{"State", "Later"}},
	} {
		status := 400
		if row.receiveID == corp {
			status = 403
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			to := func(p *push) { p.ReceiveID = row.receiveID }
			newFixture(t).requireSuccess(newPush(row.text, to).request())
			for _, field := range row.fields {
				for _, end := range []string{"</" + field + ">", "]]></" + field + ">"} {
					for _, bad := range []string{"\x10", "\x00", "\uFFFE", "\uFFFF", "\xed\xa0\xbd", "\xe5\x90", "\xff", "&#x10;", "&#xFFFE;"} {
						text := strings.Replace(row.text, end, bad+end, 1)
						if text == row.text || strings.HasPrefix(end, "]]") == (bad[0] == '&') {
							continue // a reference is none inside CDATA, and noise behind it is outside the value
						}
						w := newFixture(t)
						w.requireRefused(status, newPush(text, to).request())
					}
				}
			}
		})
	}
	t.Run("in JSON", func(t *testing.T) {
		t.Parallel()
		for _, field := range []string{"SuiteId", "AuthCorpId", "InfoType", "ChangeType", "AuthCode", "SuiteTicket"} {
			for _, bad := range []string{`\u0010`, `\ufffe`, `\ud800`, "\x10", "\xe5\x90"} {
				text := jsonDocument("SuiteId", suite, "AuthCorpId", corp, "InfoType", "change_contact", "ChangeType", "create_user",
					"AuthCode", "code", "SuiteTicket", "ticket")
				newFixture(t).requireSuccess(newPush(text).request())
				before, after, _ := strings.Cut(text, `"`+field+`":"`)
				value, after, _ := strings.Cut(after, `"`)
				newFixture(t).requireRefused(400, newPush(before+`"`+field+`":"`+value+bad+`"`+after).request())
			}
		}
		for _, name := range suiteEvents {
			text := jsonDocument("SuiteId", suite, "InfoType", name, "TimeStamp", "1700000000", "SuiteTicket", "ticket", "AuthCode", "code", "State", "§")
			newFixture(t).requireSuccess(newPush(strings.Replace(text, "§", "good", 1)).request())
			for _, bad := range []string{`\u0010`, `\ufffe`, `\ud800`, "\x10", "\xe5\x90"} {
				newFixture(t).requireRefused(400, newPush(strings.Replace(text, "§", bad, 1)).request())
			}
		}
	})
	t.Run("times", func(t *testing.T) {
		t.Parallel()
		for _, bad := range []string{"noon", "-1", "1.7e9", "123456789012", "１７", "17 00", "0x1"} {
			newFixture(t).requireRefused(400, newPush(strings.Replace(user, "1700000000", bad, 1)).request())
			newFixture(t).requireRefused(403, newPush(strings.Replace(userOnData, "1700000000", bad, 1), toCorp).request())
			newFixture(t).requireRefused(403, newPush(strings.Replace(textMessage("x"), "1700000000", bad, 1), toCorp).request())
			newFixture(t).requireRefused(400, newPush(strings.Replace(ticketXML(suite, "t", testNow), "1700000000", bad, 1)).request())
		}
	})
}

// The envelope, in JSON too, has no text of users.
func TestX10_JSONEnvelope(t *testing.T) {
	t.Parallel()
	p := newPush(command("change_auth")).parts()
	for name, bad := range map[string]string{
		"invalid UTF-8": "\xff", "half a character": "\xe4\xb8", "a lone surrogate": "\xed\xa0\xbd", "a NUL": "\x00", "a control character": "\x10",
		"GBK": "\xd6\xd0\xb9\xfa",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := envelopeJSON(testSuiteID, p.Encrypt)
			for _, body := range []string{
				strings.Replace(good, testSuiteID, testSuiteID+bad, 1), strings.Replace(good, `"ToUserName"`, `"ToUser`+bad+`Name"`, 1),
				strings.Replace(good, "218}", `218,"Extra":"`+bad+`"}`, 1), strings.Replace(good, p.Encrypt, p.Encrypt+bad, 1),
			} {
				requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
			}
		})
	}
}

// The published sample with the slip in it: 400 where it is made for us by
// name, else it is like a wrong key.
func TestX15_MalformedSampleByWhomItIsFor(t *testing.T) {
	t.Parallel()
	const id = "wx5823bf96d3bd56c7"
	vector := push{
		Method: http.MethodPost, Timestamp: "1409659813", Nonce: "1372623149", Signature: "1f3153b7abd0ba99b4ab2e57fac2376110d03a3c",
		Encrypt: "pvXgeha3nZ7UQ2DG3WD3IVsNJR38QVl1+h+wmLQHIAwEG3Jey2aTZtvAWzhEZ9JEKGwIUMBWX3JlUhfo7O7WbvI10vHIsdSNr1nr" +
			"3LuOwAfnwLJAMQNDxi5tHUl08Op59jxOL73r8+g60KOxMTaFwXzlr9Yxgq5ey5nzNb/2vDjjvDZNXkJVmL/XWnv6PXrVbTpNxphqWRv2BpPY" +
			"qvwRMkHgdFliatljMVlkkRHS40FOHmtBhj/4RXtIexfDx8opBXwi0L9RTlYNQzGx+FA+74xVHG7Le/pmNDwc2Ri5mbw=",
	}
	vector.Body = envelopeJSON(id, vector.Encrypt)
	for name, row := range map[string]struct {
		edits  edits
		status int
	}{
		"it is the suite":                       {edits{withIDs(id, testProvider)}, 400},
		"it is the provider":                    {edits{withIDs(testSuiteID, id)}, 400},
		"it is the provider, no suite":          {edits{withIDs("", id)}, 400},
		"it is a corp":                          {nil, 403},
		"it is a corp that AllowCorp agrees to": {edits{allowOnly(id)}, 403},
		"it is a corp, AllowCorp alone":         {edits{withIDs("", ""), allowOnly(id)}, 403},
		"it is a corp, app of an individual":    {edits{ofIndividual}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTenant(t, append(row.edits, func(cfg *openwork.Config) {
				cfg.Token, cfg.EncodingAESKey, cfg.Tolerance = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", -1
			})...)
			s.requireRefused(row.status, vector.request())
			require.Empty(t, s.asked, "AllowCorp was asked about what cannot be read")
		})
	}
}

// What cannot be read is 400 where it is made for SuiteID or ProviderCorpID
// exactly, and counted; else it is like a wrong key.
func TestH7_MalformedByWhomItIsFor(t *testing.T) {
	t.Parallel()
	nested := "<xml>" + strings.Repeat("<a>", 32) + strings.Repeat("</a>", 32) + "</xml>"
	for name, text := range map[string]string{
		"plain text":             "hello",
		"nothing":                "",
		"blanks":                 " \n",
		"HTML":                   "<html><body><br></body></html>",
		"bytes":                  garbage,
		"a root that stays open": "<xml><ToUserName>" + testCorp + "</ToUserName>",
		"two roots":              dataEvent("click") + dataEvent("click"),
		"broken JSON":            `{"ToUserName":"` + testCorp + `",}`,
		"a JSON array":           `["ToUserName"]`,
		"JSON, 33 deep":          `{"a":` + strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 33),
		"33 deep":                nested,
		"40 000 elements":        "<xml>" + strings.Repeat("<a/>", 40_000) + "</xml>",
		"two InfoType":           command("change_contact", "InfoType", "change_contact"),
		"two MsgType":            dataEvent("click", "MsgType", "event"),
		"InfoType and MsgType":   command("change_contact", "MsgType", "event", "ToUserName", testCorp),
		"a DTD":                  `<!DOCTYPE xml [<!ENTITY a "b">]>` + dataEvent("click"),
	} {
		for receiveID, status := range map[string]int{testSuiteID: 400, testProvider: 400, testCorp: 403, strangerCorp: 403,
			testSuiteID + "x": 403, "": 403, "w": 403} {
			t.Run(name+" for "+receiveID, func(t *testing.T) {
				t.Parallel()
				s := newTenant(t, ofIndividual)
				got := s.push(text, receiveID)
				require.Equal(t, status, got.status, got.log)
				require.Empty(t, got.asked)
				require.Equal(t, 1, strings.Count(got.log, "\n"), "one line: %s", got.log)

				want := openwork.ErrMalformed
				if status == 403 {
					want = openwork.ErrDecrypt
				}
				r := newPush(text, func(p *push) { p.ReceiveID = receiveID }).request()
				_, err := s.Serve(r)
				require.ErrorIs(t, err, want)
				seen := s.seen.take()
				require.Len(t, seen, 1, "it is counted")
				require.Equal(t, openwork.OutcomeRefused, seen[0].Outcome)
				require.Equal(t, status, seen[0].Status)
			})
		}
	}
}

// Delivery keeps bytes that are no UTF-8, whatever JSON does to strings.
func TestU1_DeliveryKeepsEveryByte(t *testing.T) {
	t.Parallel()
	for _, row := range brokenText {
		d := openwork.Delivery{ID: "1", App: "a", Name: "message.text", Plaintext: []byte(textMessage(row.text))}
		text, err := d.MarshalText()
		require.NoError(t, err)
		require.True(t, json.Valid(text))
		var again openwork.Delivery
		require.NoError(t, again.UnmarshalText(text))
		assert.True(t, bytes.Equal(d.Plaintext, again.Plaintext), row.name)
	}
}
