package openwork_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The faults of the last section of docs/faults.md, "Seen to go wrong elsewhere", that concern receiving and have no number.

func TestElsewhere_TwoDifferentPushesOnOneServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
	f.requireSuccess(newPush(command("cancel_auth"), func(p *push) { p.Nonce, p.Timestamp = "987654321", "1700000001" }).request())
	require.Equal(t, []string{"create_auth", "cancel_auth"}, f.handledNames())
}

func TestElsewhere_TwoCreateAuthInOneSecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var codes []string
	f.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		codes = append(codes, msg.Get("AuthCode"))
		return next(msg)
	})
	f.requireSuccess(newPush(command("create_auth", "AuthCode", "one")).request())
	f.requireSuccess(newPush(command("create_auth", "AuthCode", "two")).request())
	require.Equal(t, []string{"one", "two"}, codes)
}

func TestElsewhere_HandlerThatDoesNotCallNextEndsTheChain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.HandleAuthCreated(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Success, nil })
	var later []string
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		later = append(later, msg.Name())
		return next(msg)
	})
	f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
	f.requireSuccess(newPush(command("change_auth")).request())
	require.Equal(t, []string{"change_auth"}, later)
}

func TestElsewhere_PushOfSuiteBWithTokenAndKeyOfA(t *testing.T) {
	t.Parallel()
	const suiteB = "ww9f8e7d6c5b4a3928"
	for name, plaintext := range map[string]string{
		"a message that says it is B's":           strings.ReplaceAll(command("create_auth", "AuthCode", "x"), testSuiteID, suiteB),
		"a message that says it is A's":           command("create_auth", "AuthCode", "x"),
		"a ticket":                                ticketXML(suiteB, "ticket", testNow),
		"a data push that names the suite a corp": strings.ReplaceAll(textMessage("x"), testCorp, "wpanother"),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			p := newPush(plaintext, func(p *push) { p.ReceiveID = suiteB })
			f.requireRefused(http.StatusForbidden, p.request())
			f.serveError(p.request(), http.StatusForbidden, openwork.ErrReceiveID)
		})
	}
}

func TestElsewhere_UnsignedEnvelopeStaysOutside(t *testing.T) {
	t.Parallel()
	p := newPush(command("create_auth", "AuthCode", "signed")).parts()
	outer := map[string]string{
		"State": "EVIL", "AuthCode": "EVIL", "SuiteId": "EVIL", "AuthCorpId": "EVIL", "InfoType": "cancel_auth",
		"ChangeType": "EVIL", "MsgType": "event", "Event": "EVIL", "FromUserName": "EVIL", "TimeStamp": "1",
	}
	inXML, inJSON := "<xml><ToUserName>EVIL</ToUserName><AgentID>666</AgentID>", `{"ToUserName":"EVIL","AgentID":666,`
	for name, value := range outer {
		inXML += "<" + name + ">" + value + "</" + name + ">"
		inJSON += `"` + name + `":"` + value + `",`
	}
	for form, body := range map[string]string{
		"XML":  inXML + "<Encrypt>" + p.Encrypt + "</Encrypt></xml>",
		"JSON": inJSON + `"Encrypt":"` + p.Encrypt + `"}`,
	} {
		t.Run(form, func(t *testing.T) {
			f := newFixture(t)
			var got *openwork.Message
			f.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				got = msg
				return next(msg)
			})
			f.requireSuccess(p.requestWithBody(body))
			require.NotNil(t, got)
			require.Empty(t, got.Get("State"))
			require.Equal(t, "signed", got.Get("AuthCode"))
			require.Equal(t, [...]string{testSuiteID, testCorp, "create_auth", "", "", "", "", "", ""}, [...]string{
				got.SuiteID, got.AuthCorpID, got.InfoType, got.ChangeType, got.ToUserName, got.FromUserName, got.MsgType,
				got.Event, got.AgentID,
			})
			require.Equal(t, testCorp, got.CorpID)
			require.True(t, got.Time.Equal(testNow))
			for _, name := range []string{"ToUserName", "Encrypt", "AgentID", "MsgType"} {
				require.Empty(t, got.Get(name), name)
			}
			for name, value := range got.Fields() {
				require.NotEqual(t, "EVIL", value, name)
			}
			require.NotContains(t, string(got.Raw()), "EVIL")
			require.Equal(t, p.Plaintext, string(got.Raw()))
		})
	}
}

func TestElsewhere_Construction(t *testing.T) {
	t.Parallel()
	valid := openwork.Config{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey}
	_, err := openwork.NewServer(valid)
	require.NoError(t, err)
	for name, breakIt := range map[string]func(*openwork.Config){
		"an empty Token":       func(cfg *openwork.Config) { cfg.Token = "" },
		"a key of 42":          func(cfg *openwork.Config) { cfg.EncodingAESKey = testKey[:42] },
		"a key of 44":          func(cfg *openwork.Config) { cfg.EncodingAESKey = testKey + "=" },
		"a key that is no key": func(cfg *openwork.Config) { cfg.EncodingAESKey = strings.Repeat("*", 43) },
		"an empty key":         func(cfg *openwork.Config) { cfg.EncodingAESKey = "" },
		"nobody to serve":      func(cfg *openwork.Config) { cfg.SuiteID = "" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := valid
			breakIt(&cfg)
			server, err := openwork.NewServer(cfg)
			require.Error(t, err)
			require.Nil(t, server)
		})
	}
}

func TestElsewhere_SevenBadCiphertexts(t *testing.T) {
	t.Parallel()
	c, err := openwork.NewCrypto(testToken, testKey)
	require.NoError(t, err)
	text := []byte("0123456789abcdef\x00\x00\x00\x05hello" + testSuiteID) // 16 random bytes, the length, the text, the id
	frame := func(length uint32, last ...byte) string {
		b := refPad(text)
		binary.BigEndian.PutUint32(b[16:], length)
		copy(b[len(b)-len(last):], last)
		return refEncryptRaw(testKey, b)
	}
	padding := len(refPad(text)) - len(text)
	for name, row := range map[string]struct {
		ciphertext string
		want       error
	}{
		"0 bytes":                      {"", openwork.ErrMalformed},
		"16 bytes":                     {base64.StdEncoding.EncodeToString(make([]byte, 16)), openwork.ErrMalformed},
		"17 bytes":                     {base64.StdEncoding.EncodeToString(make([]byte, 17)), openwork.ErrMalformed},
		"nothing but padding":          {refEncryptRaw(testKey, bytes.Repeat([]byte{32}, 32)), openwork.ErrDecrypt},
		"a padding byte of 0xff":       {frame(5, 0xff), openwork.ErrDecrypt},
		"a padding byte of 0":          {frame(5, 0), openwork.ErrDecrypt},
		"a padding byte of 33":         {frame(5, 33), openwork.ErrDecrypt},
		"padding longer than the text": {refEncryptRaw(testKey, append(bytes.Repeat([]byte{31}, 31), 31)), openwork.ErrDecrypt},
		"padding 01 02 03 04":          {frame(5, 1, 2, 3, 4), openwork.ErrDecrypt},
		"a length that overflows":      {frame(0xffffffec), openwork.ErrDecrypt},
		"a length of 0x7fffffff":       {frame(0x7fffffff), openwork.ErrDecrypt},
		"a length of 1000":             {frame(1000), openwork.ErrDecrypt},
		"a length one beyond the end":  {frame(uint32(len(text) - 20 + 1)), openwork.ErrDecrypt},
		"a length into the padding":    {frame(uint32(len(text) - 20 + padding)), openwork.ErrDecrypt},
		"random bytes":                 {base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xa5}, 64)), openwork.ErrDecrypt},
	} {
		t.Run(name, func(t *testing.T) {
			plaintext, receiveID, err := c.Open(refSign(testToken, "1", "n", row.ciphertext), "1", "n", row.ciphertext)
			require.ErrorIs(t, err, row.want)
			require.Nil(t, plaintext)
			require.Nil(t, receiveID)

			status := http.StatusForbidden
			if errors.Is(row.want, openwork.ErrMalformed) {
				status = http.StatusBadRequest
			}
			p := newPush("")
			p.Signature = refSign(testToken, p.Timestamp, p.Nonce, row.ciphertext)
			newFixture(t).requireRefused(status, p.requestWithBody(envelopeXML(testSuiteID, row.ciphertext)))
		})
	}
	t.Run("the same frame unbroken", func(t *testing.T) {
		ciphertext := frame(5)
		plaintext, receiveID, err := c.Open(refSign(testToken, "1", "n", ciphertext), "1", "n", ciphertext)
		require.NoError(t, err)
		require.Equal(t, "hello", string(plaintext))
		require.Equal(t, testSuiteID, string(receiveID))
	})
}

func TestElsewhere_LengthFieldBeforeAllocation(t *testing.T) {
	// Not parallel: it measures memory.
	c, err := openwork.NewCrypto(testToken, testKey)
	require.NoError(t, err)
	for _, length := range []uint32{0x7fffffff, 0x80000000, 0xffffffff, 0xffffffec, 1 << 24} {
		frame := refFrame([]byte("hello"), testSuiteID)
		binary.BigEndian.PutUint32(frame[16:], length)
		ciphertext := refEncryptRaw(testKey, refPad(frame))
		signature := refSign(testToken, "1", "n", ciphertext)
		allocated := allocatedBy(func() { _, _, err = c.Open(signature, "1", "n", ciphertext) })
		require.ErrorIs(t, err, openwork.ErrDecrypt)
		require.Less(t, allocated, uint64(64<<10))
	}
}

func TestElsewhere_VerifyBeforeDecrypt(t *testing.T) {
	t.Parallel()
	t.Run("what is neither signed nor encrypted by us fails for its signature", func(t *testing.T) {
		f := newFixture(t)
		f.serveError(newPush(command("change_auth"), func(p *push) {
			p.Token, p.Key = "another", strings.Repeat("A", 43)
		}).request(), http.StatusForbidden, openwork.ErrSignature)
		f.serveError(newPush("not even XML", func(p *push) { p.Token = "another" }).request(),
			http.StatusForbidden, openwork.ErrSignature)
	})
	t.Run("a body that is signed but cannot be decrypted", func(t *testing.T) {
		f := newFixture(t)
		p := newPush("", func(p *push) { p.Encrypt = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 96)) })
		f.requireRefused(http.StatusForbidden, p.request())
		f.serveError(p.request(), http.StatusForbidden, openwork.ErrDecrypt)
	})
	t.Run("Open gives nothing away", func(t *testing.T) {
		c, err := openwork.NewCrypto(testToken, testKey)
		require.NoError(t, err)
		plaintext, receiveID, err := c.Open(strings.Repeat("0", 40), "1", "n", refSeal(testKey, []byte("hello"), testSuiteID))
		require.ErrorIs(t, err, openwork.ErrSignature)
		require.Nil(t, plaintext)
		require.Nil(t, receiveID)
	})
	t.Run("neither do RequestMessage and DecryptedMessage", func(t *testing.T) {
		f := newFixture(t)
		forged := newPush(command("change_auth"), func(p *push) { p.Token = "another" })
		envelope, err := f.RequestMessage(forged.request())
		require.ErrorIs(t, err, openwork.ErrSignature)
		require.Nil(t, envelope)
		msg, err := f.DecryptedMessage(forged.request())
		require.ErrorIs(t, err, openwork.ErrSignature)
		require.Nil(t, msg)
	})
	t.Run("no other method decrypts", func(t *testing.T) {
		for typ, want := range map[reflect.Type][]string{
			reflect.TypeFor[*openwork.Crypto]():   {"Format", "Open", "Seal", "Sign"},
			reflect.TypeFor[*openwork.Server]():   {"DecryptedMessage"},
			reflect.TypeFor[*openwork.Envelope](): nil,
		} {
			var got []string
			for i := range typ.NumMethod() {
				name := typ.Method(i).Name
				if typ == reflect.TypeFor[*openwork.Crypto]() || strings.Contains(strings.ToLower(name), "decrypt") {
					got = append(got, name)
				}
			}
			require.Equal(t, want, got, "%s: a new door to the plaintext needs a thought and a line here", typ)
		}
	})
}

func TestElsewhere_BadSignature(t *testing.T) {
	t.Parallel()
	for name, valid := range map[string]*push{
		"POST":              newPush(command("create_auth", "AuthCode", "code")),
		"POST of a ticket":  newPush(ticketXML(testSuiteID, "ticket", testNow)),
		"POST of a message": newPush(textMessage("hello"), toCorp),
		"GET":               newURLCheck("1616140317555161061"),
	} {
		for signature, status := range map[string]int{
			"bad":                   http.StatusBadRequest,
			strings.Repeat("0", 40): http.StatusForbidden,
			"da39a3ee5e6b4b0d3255bfef95601890afd80709": http.StatusForbidden, // SHA-1 of nothing
		} {
			t.Run(name+" "+signature, func(t *testing.T) {
				p := *valid
				p.Signature = signature
				newFixture(t).requireRefused(status, p.request())
			})
		}
	}
}

func TestElsewhere_TextReplyToACommand(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*push{
		"create_auth":    newPush(command("create_auth", "AuthCode", "code")),
		"change_contact": newPush(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan")),
		"register_corp": newPush(document("ServiceCorpId", testProvider, "InfoType", "register_corp"),
			func(p *push) { p.ReceiveID = testProvider }),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("hello"), nil })
			f.serveError(p.request(), http.StatusInternalServerError, openwork.ErrReplyNotAllowed)
			f.requireSuccess(p.request()) // it counts as handled, so that side effects do not repeat
			require.Len(t, f.handledNames(), 1)

			f = newFixture(t)
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("hello"), nil })
			w := f.do(p.request())
			require.Equal(t, http.StatusInternalServerError, w.Code)
			require.Empty(t, w.Body.String())
		})
	}
}

func TestElsewhere_PassiveReply(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		plaintext, receiveID string
	}{
		"to a message of the data URL":    {textMessage("hello"), testCorp},
		"to an event of the data URL":     {dataEvent("click", "EventKey", "menu", "AgentID", "218"), testCorp},
		"to a push made for the suite id": {textMessage("hello"), testSuiteID},
	} {
		t.Run(name, func(t *testing.T) {
			const text = "你好 & <b>]]></b>\r\n"
			f := newFixture(t)
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text(text), nil })
			p := newPush(row.plaintext, func(p *push) { p.ReceiveID = row.receiveID })

			nonces := map[string]bool{}
			for range 3 {
				w := f.do(p.request())
				require.Equal(t, http.StatusOK, w.Code, f.log.String())
				require.NotContains(t, w.Body.String(), "你好")
				envelope := parseReply(t, w.Body.Bytes())
				nonces[envelope.Nonce] = true
				require.Equal(t, refSign(testToken, envelope.TimeStamp, envelope.Nonce, envelope.Encrypt), envelope.MsgSignature)

				message, receiveID := refOpen(t, testKey, envelope.Encrypt)
				require.Equal(t, row.receiveID, receiveID)
				var inner struct {
					ToUserName, FromUserName, MsgType, Content string
					CreateTime                                 int64
				}
				require.NoError(t, xml.Unmarshal([]byte(message), &inner))
				require.Equal(t, "text", inner.MsgType)
				require.Equal(t, testCorp, inner.FromUserName)
				require.Contains(t, []string{"zhangsan", "sys"}, inner.ToUserName)
				require.Equal(t, strings.ReplaceAll(text, "\r\n", "\n"), strings.ReplaceAll(inner.Content, "\r\n", "\n"))
				require.NotZero(t, inner.CreateTime)
			}
			require.Len(t, nonces, 3, "the nonce of a reply is not random")
		})
	}
}

func TestElsewhere_EveryHandleMethodAndItsEvent(t *testing.T) {
	t.Parallel()
	contact := func(changeType string, methods ...string) map[*push][]string {
		methods = append(methods, "HandleContactChanged")
		return map[*push][]string{
			newPush(command("change_contact", "ChangeType", changeType)):           methods,
			newPush(dataEvent("change_contact", "ChangeType", changeType), toCorp): methods,
		}
	}
	rows := map[*push][]string{
		newPush(ticketXML(testSuiteID, "ticket", testNow)):                   {"HandleSuiteTicketRefreshed"},
		newPush(command("create_auth", "AuthCode", "code")):                  {"HandleAuthCreated"},
		newPush(command("change_auth")):                                      {"HandleAuthChanged"},
		newPush(command("cancel_auth")):                                      {"HandleAuthCancelled"},
		newPush(command("share_agent_change", "AppId", "1", "AgentId", "2")): {"HandleShareAgentChanged"},
		newPush(dataEvent("share_agent_change"), toCorp):                     {"HandleShareAgentChanged"},
		newPush(command("reset_permanent_code", "AuthCode", "code")):         {"HandleResetPermanentCode"},
		newPush(dataEvent("change_app_admin", "AgentID", "218"), toCorp):     {"HandleChangeAppAdmin"},
		newPush(command("create_user")):                                      nil,
		newPush(dataEvent("click"), toCorp):                                  nil,
		newPush(textMessage("create_auth"), toCorp):                          nil,
	}
	for _, family := range []map[*push][]string{
		contact("create_user", "HandleUserCreated"), contact("update_user", "HandleUserUpdated"),
		contact("delete_user", "HandleUserDeleted"), contact("create_party", "HandlePartyCreated"),
		contact("update_party", "HandlePartyUpdated"), contact("delete_party", "HandlePartyDeleted"),
		contact("update_tag", "HandleUserTagUpdated"), contact("something_new"),
	} {
		for p, methods := range family {
			rows[p] = methods
		}
	}
	f := newFixture(t)
	var called []string
	for method, register := range everyHandleMethod(f.Server) {
		register(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			called = append(called, method)
			return next(msg)
		})
	}
	for p, want := range rows {
		called = nil
		f.requireSuccess(p.request())
		assert.ElementsMatch(t, want, called, p.Plaintext)
	}
}

func TestElsewhere_CatchAllSeesEverything(t *testing.T) {
	t.Parallel()
	toProvider := func(p *push) { p.ReceiveID = testProvider }
	provider := func(infoType string) *push {
		return newPush(document("ServiceCorpId", testProvider, "InfoType", infoType, "AuthCorpId", testCorp,
			"TimeStamp", "1700000000"), toProvider)
	}
	order := func(infoType string) *push {
		return newPush(document("SuiteId", testSuiteID, "PaidCorpId", testCorp, "InfoType", infoType,
			"TimeStamp", "1700000000", "OrderId", "1"))
	}
	for name, p := range map[string]*push{
		"register_corp": provider("register_corp"), "enter_register_package": provider("enter_register_package"),
		"license_pay_success": provider("license_pay_success"), "license_refund": provider("license_refund"),
		"open_order": order("open_order"), "change_order": order("change_order"), "change_editon": order("change_editon"),
		"pay_for_app_success": order("pay_for_app_success"), "refund": order("refund"), "cancel_order": order("cancel_order"),
		"share_agent_change": newPush(command("share_agent_change")),
		"never_heard_of":     newPush(command("never_heard_of")),
		"change_app_admin":   newPush(dataEvent("change_app_admin"), toCorp),
		"unlicensed_notify":  newPush(dataEvent("unlicensed_notify"), toCorp),
		// Two official pages send the form of one URL to the other.
		"sys_approval_change":     newPush(dataEvent("sys_approval_change")),
		"device_data_auth_change": newPush(command("device_data_auth_change"), toCorp),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			var corps []string
			f.Handle(name, func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				corps = append(corps, msg.CorpID)
				return next(msg)
			})
			f.requireSuccess(p.request())
			require.Equal(t, []string{name}, f.handledNames())
			require.Equal(t, []string{testCorp}, corps)
		})
	}
}

func TestElsewhere_BlanksAroundControlFields(t *testing.T) {
	t.Parallel()
	for name, infoType := range map[string]string{
		"as in the official sample": "<InfoType> <![CDATA[suite_ticket]]></InfoType>",
		"a newline":                 "<InfoType>\n<![CDATA[suite_ticket]]>\r\n</InfoType>",
		"tabs":                      "<InfoType>\t<![CDATA[suite_ticket]]>\t</InfoType>",
		"no CDATA":                  "<InfoType> suite_ticket </InfoType>",
		"inside CDATA":              "<InfoType><![CDATA[ suite_ticket ]]></InfoType>",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			called := 0
			f.HandleSuiteTicketRefreshed(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				called++
				return next(msg)
			})
			f.requireSuccess(newPush("<xml>\n<SuiteId> <![CDATA[" + testSuiteID + "]]> </SuiteId>\n" + infoType +
				"\n<TimeStamp> 1700000000 </TimeStamp>\n<SuiteTicket> <![CDATA[ticket]]></SuiteTicket>\n</xml>").request())
			require.Equal(t, 1, called)
			ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
			require.NoError(t, err)
			require.Equal(t, "ticket", ticket.Value)
			require.True(t, ticket.Time.Equal(testNow))
		})
	}
}

func TestElsewhere_TicketsOutOfTheBox(t *testing.T) {
	// Not parallel: it looks at what is written to disk.
	dir := t.TempDir()
	for _, name := range []string{"work", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	t.Chdir(filepath.Join(dir, "work"))
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("TMPDIR", filepath.Join(dir, "tmp"))

	minimal := func() *openwork.Server {
		server, err := openwork.NewServer(openwork.Config{
			SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, Tolerance: -1,
			Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		return server
	}
	server, other := minimal(), minimal()
	_, err := server.Tickets().Ticket(context.Background(), testSuiteID)
	require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)
	require.Contains(t, err.Error(), "console", "the error does not say where a ticket can be sent again")

	resp, err := server.Serve(newPush(ticketXML(testSuiteID, "ticket-1", time.Now())).request())
	require.NoError(t, err)
	require.Equal(t, "success", string(resp.Body))
	ticket, err := server.Tickets().Ticket(context.Background(), testSuiteID)
	require.NoError(t, err)
	require.Equal(t, "ticket-1", ticket.Value)

	_, err = other.Tickets().Ticket(context.Background(), testSuiteID)
	require.ErrorIs(t, err, openwork.ErrNoSuiteTicket, "two Servers share a cache that nobody gave them")

	for _, name := range []string{"work", "tmp"} {
		files, err := os.ReadDir(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Empty(t, files, "something was written to disk")
	}
}

func TestElsewhere_TicketSurvivesAGapAndARestart(t *testing.T) {
	t.Parallel()
	cache := openwork.NewMemoryCache()
	shared := func(cfg *openwork.Config) { cfg.Cache = cache }
	newFixture(t, shared).requireSuccess(newPush(ticketXML(testSuiteID, "ticket", testNow)).request())

	restarted := newFixture(t, shared)
	restarted.clock.Advance(14 * time.Minute)
	ticket, err := restarted.Tickets().Ticket(context.Background(), testSuiteID)
	require.NoError(t, err)
	require.Equal(t, "ticket", ticket.Value)

	restarted.clock.Advance(16*time.Minute + time.Second)
	_, err = restarted.Tickets().Ticket(context.Background(), testSuiteID)
	require.ErrorIs(t, err, openwork.ErrSuiteTicketExpired)
}

func TestElsewhere_PlaintextPost(t *testing.T) {
	t.Parallel()
	ticket := ticketXML(testSuiteID, "ticket", testNow)
	for name, body := range map[string]string{
		"a ticket":                       ticket,
		"a ticket with an empty Encrypt": strings.Replace(ticket, "</xml>", "<Encrypt/></xml>", 1),
		"a ticket in JSON":               `{"SuiteId":"` + testSuiteID + `","InfoType":"suite_ticket","SuiteTicket":"ticket","TimeStamp":1700000000}`,
		"a ticket as Encrypt":            "<xml><Encrypt><![CDATA[" + strings.ReplaceAll(ticket, "]]>", "") + "]]></Encrypt></xml>",
		"an authorisation":               command("create_auth", "AuthCode", "code"),
		"a message":                      textMessage("hello"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, signed := range []string{"", body} {
				p := newPush("")
				p.Signature = refSign(p.Token, p.Timestamp, p.Nonce, signed)
				requireMalformed(t, func() *http.Request { return p.requestWithBody(body) })
			}
			requireMalformed(t, func() *http.Request {
				r := newPush("").requestWithBody(body)
				r.URL.RawQuery = ""
				return r
			})
		})
	}
}

func TestElsewhere_OtherQueryParameters(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]string{
		"WeCom's placeholder":           "corpid=$CORPID$",
		"WeCom's placeholder, escaped":  "corpid=%24CORPID%24",
		"WeCom's placeholder, replaced": "corpid=" + testCorp,
		"anything":                      "x=1",
		"the same name twice":           "x=1&x=2",
		"no value":                      "x",
		"an empty value":                "x=",
		"an empty name":                 "=1",
		"an empty pair":                 "",
		"Chinese":                       "q=%E4%B8%AD%E6%96%87+x",
		"raw bytes after decoding":      "q=%ff%00",
		"the wish for JSON":             "callback_format=json",
		"another case":                  "Nonce=1&TIMESTAMP=2&Msg_Signature=3",
		"another signature":             "signature=1&encrypt_type=aes",
	} {
		t.Run(name, func(t *testing.T) {
			p, check := newPush(command("change_auth")).parts(), newURLCheck("1616140317555161061").parts()
			for _, query := range []func(string) string{
				func(q string) string { return q + "&" + extra },
				func(q string) string { return extra + "&" + q },
			} {
				f := newFixture(t)
				f.requireSuccess(p.requestWithQuery(query(p.RawQuery)))
				w := f.do(check.requestWithQuery(query(check.RawQuery)))
				require.Equal(t, http.StatusOK, w.Code, f.log.String())
				require.Equal(t, "1616140317555161061", w.Body.String())
			}
		})
	}
}

func TestElsewhere_OneServerForEveryChannel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, receiveID := range []string{testProvider, testSuiteID, testCorp} {
		w := f.do(newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = receiveID }).request())
		require.Equal(t, http.StatusOK, w.Code, f.log.String())
		require.Equal(t, "1616140317555161061", w.Body.String())
	}
	f.requireSuccess(newPush(command("change_auth")).request())
	f.requireSuccess(newPush(dataEvent("change_app_admin", "AgentID", "218"), toCorp).request())
	f.requireSuccess(newPush(document("ServiceCorpId", testProvider, "InfoType", "register_corp", "TimeStamp", "1700000000"),
		func(p *push) { p.ReceiveID = testProvider }).request())
	require.Equal(t, []string{"change_auth", "change_app_admin", "register_corp"}, f.handledNames())
}

func TestElsewhere_ReceiveIDOfTheDataURL(t *testing.T) {
	t.Parallel()
	onlyTestCorp := func(cfg *openwork.Config) {
		cfg.AllowCorp = func(_ context.Context, corpID string) (bool, error) { return corpID == testCorp, nil }
	}
	fromStranger := strings.ReplaceAll(textMessage("hello"), testCorp, "wpstranger")
	for name, row := range map[string]struct {
		plaintext, receiveID, envelope string
		status                         int
	}{
		"an allowed corp":                            {textMessage("hello"), testCorp, testCorp, http.StatusOK},
		"an allowed corp in a foreign envelope":      {textMessage("hello"), testCorp, "wpstranger", http.StatusOK},
		"a stranger":                                 {fromStranger, "wpstranger", "wpstranger", http.StatusForbidden},
		"a stranger in the envelope of our corp":     {fromStranger, "wpstranger", testCorp, http.StatusForbidden},
		"a stranger's message made for our corp":     {fromStranger, testCorp, testCorp, http.StatusForbidden},
		"our corp's message made for a stranger":     {textMessage("hello"), "wpstranger", testCorp, http.StatusForbidden},
		"a message that names nobody":                {document("MsgType", "text", "Content", "x"), testCorp, testCorp, http.StatusForbidden},
		"a command that names another corp":          {command("change_auth"), "wpstranger", testSuiteID, http.StatusForbidden},
		"a provider's push made for an allowed corp": {document("ServiceCorpId", testProvider, "InfoType", "register_corp", "AuthCorpId", testCorp), testCorp, testProvider, http.StatusForbidden},
		"another provider's push":                    {document("ServiceCorpId", "wwanother", "InfoType", "register_corp"), testProvider, testProvider, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, onlyTestCorp)
			p := newPush(row.plaintext, func(p *push) { p.ReceiveID = row.receiveID }).parts()
			r := p.requestWithBody(envelopeXML(row.envelope, p.Encrypt))
			if row.status == http.StatusOK {
				f.requireSuccess(r)
				return
			}
			f.requireRefused(row.status, r)
			f.serveError(p.requestWithBody(envelopeXML(row.envelope, p.Encrypt)), row.status, openwork.ErrReceiveID)
		})
	}
	t.Run("the look-up fails", func(t *testing.T) {
		away := errors.New("database is away")
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return true, away }
		})
		f.requireRefused(http.StatusInternalServerError, newPush(textMessage("hello"), toCorp).request())
		f.serveError(newPush(textMessage("hello"), toCorp).request(), http.StatusInternalServerError, away)
	})
	t.Run("the look-up gets the request's context", func(t *testing.T) {
		type key struct{}
		var got any
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.AllowCorp = func(ctx context.Context, _ string) (bool, error) {
				got = ctx.Value(key{})
				return true, nil
			}
		})
		r := newPush(textMessage("hello"), toCorp).request()
		f.requireSuccess(r.WithContext(context.WithValue(r.Context(), key{}, "tenant")))
		require.Equal(t, "tenant", got)
	})
}

func TestElsewhere_RequestContextReachesTheHandler(t *testing.T) {
	t.Parallel()
	type key struct{}
	f := newFixture(t)
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "request"))
	defer cancel()
	var detached *openwork.Message
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		require.Equal(t, "request", msg.Context().Value(key{}))
		require.NoError(t, msg.Context().Err())
		changed := msg.WithContext(context.WithValue(msg.Context(), key{}, "middleware"))
		require.Equal(t, "request", msg.Context().Value(key{}), "WithContext changed the message itself")
		return next(changed)
	})
	f.HandleShareAgentChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		require.Equal(t, "middleware", msg.Context().Value(key{}))
		detached = msg.Detach()
		cancel()
		select {
		case <-msg.Context().Done():
		case <-time.After(5 * time.Second):
			t.Error("the handler's context outlived the request's")
		}
		return next(msg)
	})
	_, _ = f.Serve(newPush(command("share_agent_change", "State", "state")).request().WithContext(ctx))
	require.NotNil(t, detached, "the handler did not run")
	require.NoError(t, detached.Context().Err(), "a detached message ended with the request")
	require.Equal(t, "middleware", detached.Context().Value(key{}))
	require.Equal(t, "state", detached.Get("State"))
}

func TestElsewhere_UnknownEventErrorHoldsNoSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
		return openwork.Success, fmt.Errorf("no handler for %v", msg)
	})
	begin := len(f.log.String())
	_, err := f.Serve(newPush(command("never_heard_of", "SuiteTicket", "secret-ticket", "AuthCode", "secret-code",
		"Content", "secret-content")).request())
	require.Equal(t, http.StatusInternalServerError, openwork.StatusCode(err))
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), f.log.String()[begin:]} {
		require.NotContains(t, text, "secret-")
		require.NotContains(t, text, "<")
		require.Contains(t, text, "never_heard_of", "the text does not say which event it was")
	}
}

func TestElsewhere_NothingIsPrinted(t *testing.T) {
	// Not parallel: it replaces the standard streams.
	file, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	require.NoError(t, err)
	stdout, stderr, logged := os.Stdout, os.Stderr, log.Writer()
	os.Stdout, os.Stderr = file, file
	log.SetOutput(file)
	defer func() {
		os.Stdout, os.Stderr = stdout, stderr
		log.SetOutput(logged)
	}()

	f := newFixture(t)
	f.HandleAuthCancelled(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { panic("oops") })
	f.requireSuccess(newPush(ticketXML(testSuiteID, "ticket", testNow)).request())
	for _, p := range []*push{
		newPush(command("cancel_auth")), newPush("not XML"), newPush(command("x"), func(p *push) { p.Token = "another" }),
		newPush(command("x"), func(p *push) { p.Key = strings.Repeat("A", 43) }), newURLCheck("<xml/>"),
		newPush(command("x"), func(p *push) { p.ReceiveID = "wwanother" }), newPush("", func(p *push) { p.Method = "PUT" }),
	} {
		require.NotEqual(t, http.StatusOK, f.do(p.request()).Code)
	}
	printed, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Empty(t, string(printed))
	require.NoError(t, file.Close())
}

func TestElsewhere_SealIsReadElsewhere(t *testing.T) {
	t.Parallel()
	c, err := openwork.NewCrypto(testToken, testKey)
	require.NoError(t, err)
	corp18 := "ww0123456789abcdef"
	require.Len(t, corp18, 18)
	for _, receiveID := range []string{"", corp18, testSuiteID, "企业"} {
		for length := range 100 {
			message := strings.Repeat("m", length)
			ciphertext, err := c.Seal([]byte(message), receiveID)
			require.NoError(t, err)

			frame := 20 + length + len(receiveID)
			require.Equal(t, base64.StdEncoding.EncodedLen(frame+32-frame%32), len(ciphertext),
				"1 to 32 bytes of padding are added, 32 of them to a frame of %d bytes", frame)
			gotMessage, gotID := refOpen(t, testKey, ciphertext)
			require.Equal(t, message, gotMessage)
			require.Equal(t, receiveID, gotID)
		}
	}
	t.Run("a message that ends in a newline, for nobody", func(t *testing.T) {
		for _, message := range []string{"hello\n", "\n", "hello\r\n\x00", " "} {
			ciphertext, err := c.Seal([]byte(message), "")
			require.NoError(t, err)
			plaintext, receiveID, err := c.Open(c.Sign("1", "n", ciphertext), "1", "n", ciphertext)
			require.NoError(t, err)
			require.Equal(t, message, string(plaintext))
			require.Empty(t, receiveID)
		}
	})
	t.Run("and a push for nobody, where that is configured", func(t *testing.T) {
		p := newPush(textMessage("hello")+"\n", func(p *push) { p.ReceiveID = "" })
		f := newFixture(t, func(cfg *openwork.Config) { cfg.AllowEmptyReceiveID = true })
		f.requireSuccess(p.request())
		newFixture(t).requireRefused(http.StatusForbidden, p.request())
	})
}

func TestElsewhere_OneCryptoForManyGoroutines(t *testing.T) {
	t.Parallel()
	c, err := openwork.NewCrypto(testToken, testKey)
	require.NoError(t, err)
	f := newFixture(t, withBudget(time.Minute))
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			message := strings.Repeat(string(rune('a'+i%26)), 1+i*7)
			for range 10 {
				ciphertext, err := c.Seal([]byte(message), testCorp)
				if !assert.NoError(t, err) {
					return
				}
				plaintext, receiveID, err := c.Open(c.Sign("1", "n", ciphertext), "1", "n", ciphertext)
				assert.NoError(t, err)
				assert.Equal(t, message, string(plaintext))
				assert.Equal(t, testCorp, string(receiveID))
			}
			w := httptest.NewRecorder()
			f.ServeHTTP(w, newPush(command("change_auth", "State", message)).request())
			assert.Equal(t, "success", w.Body.String())
		}()
	}
	wg.Wait()
	require.Len(t, f.handledNames(), 100)
}

func TestElsewhere_HeadersBeforeTheStatus(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *openwork.Config) { c.NoDedupe = true })
	f.HandleChangeAppAdmin(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("x"), nil })
	for name, p := range map[string]*push{
		"success":   newPush(command("change_auth")),
		"a reply":   newPush(dataEvent("change_app_admin"), toCorp),
		"URL check": newURLCheck("1616140317555161061"),
		"forged":    newPush(command("change_auth"), func(p *push) { p.Token = "another" }),
		"method":    newPush(command("change_auth"), func(p *push) { p.Method = http.MethodDelete }),
		"too large": newPush("", func(p *push) { p.Body = strings.Repeat(" ", 1<<20+1) }),
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := f.Serve(p.request())
			if err != nil {
				resp = openwork.ErrorResponse(err)
			}
			for way, send := range map[string]func(http.ResponseWriter){
				"Send":      func(w http.ResponseWriter) { require.NoError(t, resp.Send(w)) },
				"ServeHTTP": func(w http.ResponseWriter) { f.ServeHTTP(w, p.request()) },
			} {
				w := &lateHeaders{ResponseWriter: httptest.NewRecorder()}
				send(w)
				require.Equal(t, 1, w.calls, "WriteHeader calls by %s", way)
				require.Equal(t, resp.StatusCode, w.status)
				for name := range resp.Header {
					require.Equal(t, resp.Header[name], w.atStatus[name], "%s by %s", name, way)
				}
				require.Equal(t, sortedNames(w.atStatus), sortedNames(w.Header()), "headers set after the status by %s", way)
			}
		})
	}
}

// sealedReply is the envelope of a passive reply, as WeCom reads it.
type sealedReply struct {
	XMLName      xml.Name `xml:"xml"`
	Encrypt      string
	MsgSignature string
	TimeStamp    string
	Nonce        string
}

// parseReply reads a passive reply and checks that each part has the shape it must have.
func parseReply(t *testing.T, body []byte) sealedReply {
	t.Helper()
	var reply sealedReply
	require.NoError(t, xml.Unmarshal(body, &reply), "%s", body)
	require.Regexp(t, `^[0-9a-f]{40}$`, reply.MsgSignature)
	require.Regexp(t, `^[0-9]{1,11}$`, reply.TimeStamp)
	require.Regexp(t, `^[0-9A-Za-z_-]{1,32}$`, reply.Nonce)
	return reply
}

// lateHeaders sees which headers are set when the status is written.
type lateHeaders struct {
	http.ResponseWriter
	atStatus http.Header
	status   int
	calls    int
}

func (w *lateHeaders) WriteHeader(status int) {
	w.calls++
	if w.atStatus == nil {
		w.atStatus, w.status = w.Header().Clone(), status
	}
	w.ResponseWriter.WriteHeader(status)
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
