package openwork_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// The faults of time, handlers and the log, as numbered in docs/faults.md.

func TestR1_TimestampWindow(t *testing.T) {
	t.Parallel()
	const tolerance = 10 * time.Minute
	at := func(offset time.Duration) func(*push) {
		return func(p *push) { p.Timestamp = strconv.FormatInt(testNow.Add(offset).Unix(), 10) }
	}
	for kind, valid := range map[string]func(edits ...func(*push)) *push{
		"push":      func(edits ...func(*push)) *push { return newPush(command("change_auth"), edits...) },
		"URL check": func(edits ...func(*push)) *push { return newURLCheck("1616140317555161061", edits...) },
	} {
		for _, offset := range []time.Duration{
			-tolerance - time.Second, tolerance + time.Second, -24 * time.Hour, 24 * time.Hour,
		} {
			build := valid(at(offset)).request
			t.Run(kind+" at "+offset.String(), func(t *testing.T) {
				f := newFixture(t)
				f.requireRefused(http.StatusForbidden, build())
				f.serveError(build(), http.StatusForbidden, openwork.ErrStale)
			})
			t.Run(kind+" at "+offset.String()+" unchecked", func(t *testing.T) {
				f := newFixture(t, func(cfg *openwork.Config) { cfg.Tolerance = -1 })
				require.Equal(t, http.StatusOK, f.do(build()).Code, f.log.String())
			})
		}
		for _, offset := range []time.Duration{-tolerance, 0, tolerance} {
			t.Run(kind+" at "+offset.String(), func(t *testing.T) {
				f := newFixture(t)
				require.Equal(t, http.StatusOK, f.do(valid(at(offset)).request()).Code, f.log.String())
			})
		}
	}
	t.Run("Tolerance moves the window", func(t *testing.T) {
		narrow := func(cfg *openwork.Config) { cfg.Tolerance = time.Minute }
		newFixture(t, narrow).requireSuccess(newPush(command("change_auth"), at(-time.Minute)).request())
		newFixture(t, narrow).requireRefused(http.StatusForbidden,
			newPush(command("change_auth"), at(-time.Minute-time.Second)).request())
	})
	t.Run("timestamps far from any clock", func(t *testing.T) {
		for _, timestamp := range []string{"0", "1", "99999999999"} {
			newFixture(t).requireRefused(http.StatusForbidden,
				newPush(command("change_auth"), func(p *push) { p.Timestamp = timestamp }).request())
		}
	})
}

func TestR2_ReceiverClockOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{15 * time.Minute, -15 * time.Minute} {
		t.Run(off.String(), func(t *testing.T) {
			f := newFixture(t)
			f.clock.Advance(off)
			p := newPush(command("change_auth"))
			f.requireRefused(http.StatusForbidden, p.request())
			err := f.serveError(p.request(), http.StatusForbidden, openwork.ErrStale)
			require.NotErrorIs(t, err, openwork.ErrSignature)

			var refused, forged *openwork.RefusedError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, 15*time.Minute, refused.Skew.Abs())

			_, err = f.Serve(newPush(command("change_auth"), func(p *push) { p.Token = "another" }).request())
			require.ErrorAs(t, err, &forged)
			require.NotEqual(t, forged.Check, refused.Check, "a wrong clock and a wrong Token look alike inside")

			require.Contains(t, f.log.String(), "15m0s", "the log does not say how far the clock is off")
			require.Contains(t, strings.ToLower(f.log.String()), "clock", "the log does not say what to look at")
		})
	}
	t.Run("both directions can be told apart", func(t *testing.T) {
		skew := func(off time.Duration) time.Duration {
			f := newFixture(t)
			f.clock.Advance(off)
			_, err := f.Serve(newPush(command("change_auth")).request())
			var refused *openwork.RefusedError
			require.ErrorAs(t, err, &refused)
			return refused.Skew
		}
		require.Equal(t, skew(15*time.Minute), -skew(-15*time.Minute))
	})
}

func TestH1_HandlerReturnsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is away")
	rows := map[string]struct {
		reply openwork.Reply
		p     *push
	}{
		"of an authorisation event":      {openwork.Success, newPush(command("create_auth", "AuthCode", "code"))},
		"of a message":                   {openwork.Success, newPush(textMessage("hello"), toCorp)},
		"beside a reply, which it beats": {openwork.Text("hello"), newPush(textMessage("hello"), toCorp)},
		"of a ticket":                    {openwork.Success, newPush(ticketXML(testSuiteID, "ticket", testNow))},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			var calls atomic.Int64
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				if calls.Add(1) <= 2 {
					return row.reply, fmt.Errorf("saving: %w", broken)
				}
				return next(msg)
			})
			w := f.do(row.p.request())
			require.Equal(t, http.StatusInternalServerError, w.Code)
			require.Empty(t, w.Body.String())

			f.serveError(row.p.request(), http.StatusInternalServerError, broken)
			require.EqualValues(t, 2, calls.Load(), "the failed push was not handled again when it was repeated")

			f.requireSuccess(row.p.request())
			require.EqualValues(t, 3, calls.Load())
			require.Contains(t, f.log.String(), broken.Error(), "the failure is in no log line")
		})
	}
}

func TestH2_HandlerPanics(t *testing.T) {
	t.Parallel()
	var nobody *http.Request
	panics := map[string]func(){
		"with a string":                func() { panic("oops") },
		"with an error":                func() { panic(errors.New("oops")) },
		"with a nil dereference":       func() { _ = nobody.Method },
		"with an index out of range":   func() { _ = []int{}[len("oops")] },
		"with http.ErrAbortHandler":    func() { panic(http.ErrAbortHandler) },
		"with nil":                     func() { panic(nil) }, //nolint:govet // That is the fault under test.
		"with a value without methods": func() { panic(struct{}{}) },
	}
	for name, boom := range panics {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.HandleAuthCreated(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
				boom()
				return openwork.Success, nil
			})
			p := newPush(command("create_auth", "AuthCode", "code"))
			w := f.do(p.request())
			require.Equal(t, http.StatusInternalServerError, w.Code)
			require.Empty(t, w.Body.String())

			resp, err := f.Serve(p.request())
			require.Nil(t, resp)
			require.Equal(t, http.StatusInternalServerError, openwork.StatusCode(err))
			require.Equal(t, []string{"create_auth", "create_auth"}, f.handledNames(), "the repeated push was not handled again")
			require.Contains(t, strings.ToLower(f.log.String()), "panic", "the panic is in no log line")

			f.requireSuccess(newPush(command("change_auth")).request())
		})
	}
	t.Run("in a handler that runs before all others", func(t *testing.T) {
		f := newFixture(t)
		f.HandleSuiteTicketRefreshed(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { panic("oops") })
		w := f.do(newPush(ticketXML(testSuiteID, "ticket", testNow)).request())
		require.Equal(t, http.StatusInternalServerError, w.Code)
		ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
		require.NoError(t, err)
		require.Equal(t, "ticket", ticket.Value, "the built-in handler had it already")
	})
	t.Run("in AllowCorp", func(t *testing.T) {
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { panic("oops") }
		})
		f.requireRefused(http.StatusInternalServerError, newPush(textMessage("hello"), toCorp).request())
	})
}

func TestH2_HandlerExitsItsGoroutine(t *testing.T) {
	t.Parallel()
	leaving := func(t *testing.T) (*fixture, *atomic.Int64) {
		f := newFixture(t)
		calls := new(atomic.Int64)
		f.HandleAuthCreated(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			calls.Add(1)
			runtime.Goexit()
			return openwork.Success, nil
		})
		return f, calls
	}
	p := newPush(command("create_auth", "AuthCode", "code"))

	t.Run("ServeHTTP in a goroutine of its own", func(t *testing.T) {
		f, calls := leaving(t)
		for range 2 {
			w := httptest.NewRecorder()
			w.Code = 0 // so that a status that was never written is seen
			done := make(chan struct{})
			go func() {
				defer close(done)
				f.ServeHTTP(w, p.request())
			}()
			<-done
			require.Equal(t, http.StatusInternalServerError, w.Code)
			require.Empty(t, w.Body.String())
		}
		require.EqualValues(t, 2, calls.Load(), "the repeated push was not handled again")
		f.requireSuccess(newPush(command("change_auth")).request())
	})
	t.Run("over HTTP", func(t *testing.T) {
		f, calls := leaving(t)
		site := httptest.NewServer(f)
		defer site.Close()
		client := &http.Client{Timeout: 10 * time.Second}
		send := func(p *push) (int, string) {
			whole := p.parts()
			resp, err := client.Post(site.URL+"/?"+whole.RawQuery, "text/xml", strings.NewReader(whole.Body))
			require.NoError(t, err)
			defer func() { require.NoError(t, resp.Body.Close()) }()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			return resp.StatusCode, string(body)
		}
		for range 2 {
			status, body := send(p)
			require.Equal(t, http.StatusInternalServerError, status)
			require.Empty(t, body)
		}
		require.EqualValues(t, 2, calls.Load(), "the repeated push was not handled again")
		status, body := send(newPush(command("change_auth")))
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "success", body)
	})
}

func TestH6_UnknownEvents(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		p    *push
		name string
	}{
		"an unknown InfoType":                {newPush(command("never_heard_of")), "never_heard_of"},
		"an unknown InfoType and ChangeType": {newPush(command("never_heard_of", "ChangeType", "x")), "never_heard_of.x"},
		"an unknown ChangeType":              {newPush(command("change_contact", "ChangeType", "merge_user")), "change_contact.merge_user"},
		"an unknown Event":                   {newPush(dataEvent("never_heard_of"), toCorp), "never_heard_of"},
		"an unknown MsgType": {newPush(document("ToUserName", testCorp, "FromUserName", "zhangsan",
			"CreateTime", "1700000000", "MsgType", "hologram", "MsgId", "1"), toCorp), "message.hologram"},
		"an InfoType of the provider": {newPush(document("ServiceCorpId", testProvider, "InfoType", "never_heard_of",
			"TimeStamp", "1700000000"), func(p *push) { p.ReceiveID = testProvider }), "never_heard_of"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			for method, register := range everyHandleMethod(f.Server) {
				if method == "HandleContactChanged" && strings.HasPrefix(row.name, "change_contact.") {
					continue // That one is for every ChangeType.
				}
				register(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
					return openwork.Success, errors.New("this handler is for another event")
				})
			}
			f.requireSuccess(row.p.request())
			require.Equal(t, []string{row.name}, f.handledNames(), "the catch-all handler did not see it")
		})
	}
	t.Run("with no handler at all", func(t *testing.T) {
		server, err := openwork.NewServer(openwork.Config{
			SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, Tolerance: -1,
			Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		resp, err := server.Serve(newPush(command("never_heard_of")).request())
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, "success", string(resp.Body))
	})
}

func TestH7_MalformedMessage(t *testing.T) {
	t.Parallel()
	valid := command("change_auth", "ChangeType", "x")
	plus := func(element string) string { return strings.Replace(valid, "</xml>", element+"</xml>", 1) }
	nested := func(depth int) string { // the root is one of them
		return plus(strings.Repeat("<a>", depth-1) + strings.Repeat("</a>", depth-1))
	}
	data := dataEvent("click", "ChangeType", "x")
	plusData := func(element string) string { return strings.Replace(data, "</xml>", element+"</xml>", 1) }

	rows := map[string]*push{
		"plain text":                  newPush("hello"),
		"empty":                       newPush(""),
		"blank":                       newPush(" \n"),
		"success":                     newPush("success"),
		"HTML":                        newPush("<html><body><br></body></html>"),
		"bytes":                       newPush("\x00\x01\x02\xff"),
		"a root that is not closed":   newPush(strings.TrimSuffix(valid, "</xml>")),
		"a second root":               newPush(valid + valid),
		"bytes behind the root":       newPush(valid + "x"),
		"broken JSON":                 newPush(`{"InfoType":"change_auth",}`),
		"a JSON array":                newPush(`["change_auth"]`),
		"depth 33":                    newPush(nested(33)),
		"depth 1000":                  newPush(nested(1000)),
		"40 000 elements":             newPush(plus(strings.Repeat("<a/>", 40_000))),
		"two InfoType that are equal": newPush(plus("<InfoType>change_auth</InfoType>")),
		"two InfoType that differ":    newPush(plus("<InfoType>cancel_auth</InfoType>")),
		"two InfoType, one empty":     newPush(plus("<InfoType/>")),
		"two SuiteId":                 newPush(plus("<SuiteId>" + testSuiteID + "</SuiteId>")),
		"two AuthCorpId":              newPush(plus("<AuthCorpId>wpanother</AuthCorpId>")),
		"two ChangeType":              newPush(plus("<ChangeType>y</ChangeType>")),
		"two ToUserName":              newPush(plusData("<ToUserName>" + testCorp + "</ToUserName>")),
		"two MsgType":                 newPush(plusData("<MsgType>text</MsgType>")),
		"two Event":                   newPush(plusData("<Event>view</Event>")),
		"two MsgId":                   newPush(plusData("<MsgId>1</MsgId><MsgId>1</MsgId>")),
		"two AuthCode":                newPush(plus("<AuthCode>1</AuthCode><AuthCode>1</AuthCode>")),
		"InfoType and MsgType":        newPush(plus("<MsgType>event</MsgType>")),
		"a time that is none":         newPush(strings.Replace(valid, "<TimeStamp>", "<CreateTime>x</CreateTime><TimeStamp>", 1)),
		"a time of 12 digits":         newPush(plus("<CreateTime>123456789012</CreateTime>")),
		"for the provider":            newPush("hello", func(p *push) { p.ReceiveID = testProvider }),
		"a comment inside InfoType":   newPush(strings.Replace(valid, "<![CDATA[change_auth]]>", "change<!-- -->_auth", 1)),
		"an attribute on InfoType":    newPush(strings.Replace(valid, "<InfoType>", `<InfoType a="">`, 1)),
		"a namespace on InfoType": newPush(strings.NewReplacer("<InfoType>", `<w:InfoType xmlns:w="urn:w">`,
			"</InfoType>", "</w:InfoType>").Replace(valid)),
	}
	for name, p := range rows {
		t.Run(name, func(t *testing.T) {
			requireMalformed(t, p.request)

			f := newFixture(t)
			before := len(f.log.String())
			f.requireRefused(http.StatusBadRequest, p.request())
			require.Equal(t, 1, strings.Count(f.log.String()[before:], "\n"), "not one log line for one refusal:\n%s", f.log)

			// Made for anything else, it is refused as if the key were wrong, and nobody is asked.
			for _, receiveID := range []string{testCorp, "", "a", testSuiteID + "x"} {
				wrongKey := *p
				wrongKey.Key = "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
				other := *p
				other.ReceiveID = receiveID
				f := newFixture(t, func(cfg *openwork.Config) {
					cfg.AllowCorp = func(context.Context, string) (bool, error) { t.Error("asked"); return true, nil }
					cfg.AllowEmptyReceiveID = true
				})
				for _, p := range []*push{&wrongKey, &other} {
					_, err := f.Serve(p.request())
					require.EqualError(t, err, "openwork: POST refused: decryption: ciphertext does not decrypt, or receive id does not match")
					f.requireRefused(http.StatusForbidden, p.request())
				}
			}
		})
	}
	t.Run("depth 32 is accepted", func(t *testing.T) {
		newFixture(t).requireSuccess(newPush(nested(32)).request())
	})
	t.Run("32 000 elements are accepted", func(t *testing.T) {
		newFixture(t).requireSuccess(newPush(plus(strings.Repeat("<a/>", 32_000))).request())
	})
}

func TestH17_RegisteredTwiceOrNil(t *testing.T) {
	t.Parallel()
	t.Run("two for one event run in order of registration", func(t *testing.T) {
		f := newFixture(t)
		var order []string
		tag := func(name string) openwork.Handler {
			return func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				order = append(order, name)
				return next(msg)
			}
		}
		f.HandleAuthCreated(tag("first"))
		f.With(tag("every"), tag("every again"))
		f.HandleAuthChanged(tag("another event"))
		f.HandleAuthCreated(tag("second"))
		f.Handle("create_auth", tag("by name"))
		f.HandleAuthCreated(tag("third"))
		f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
		require.Equal(t, []string{"first", "every", "every again", "second", "by name", "third"}, order)
	})
	t.Run("the second does not run when the first does not call next", func(t *testing.T) {
		f := newFixture(t)
		f.HandleAuthCreated(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Success, nil })
		f.HandleAuthCreated(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			return openwork.Success, errors.New("the chain did not end")
		})
		f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
	})
	t.Run("the same closure twice runs twice", func(t *testing.T) {
		f := newFixture(t)
		calls := 0
		count := func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			calls++
			return next(msg)
		}
		f.HandleAuthCreated(count)
		f.HandleAuthCreated(count)
		f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
		require.Equal(t, 2, calls)
	})

	f := newFixture(t)
	registrations := everyHandleMethod(f.Server)
	registrations["With"] = func(h openwork.Handler) { f.With(h) }
	registrations["With, the second"] = func(h openwork.Handler) {
		f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			return openwork.Success, errors.New("half of a refused registration stayed")
		}, h)
	}
	registrations["Handle"] = func(h openwork.Handler) { f.Handle("create_auth", h) }
	for name, register := range registrations {
		t.Run("nil panics at registration with "+name, func(t *testing.T) {
			var message string
			func() {
				defer func() { message = fmt.Sprint(recover()) }()
				register(nil)
			}()
			require.Contains(t, message, "openwork", "the panic does not say whose it is")
			f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
		})
	}
}

func TestH18_TwoSuitesOnOneMux(t *testing.T) {
	t.Parallel()
	const (
		otherSuite = "ww9f8e7d6c5b4a3928"
		otherToken = "AnotherTestToken"
		otherKey   = "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
	)
	toOther := func(p *push) {
		p.Plaintext = strings.ReplaceAll(p.Plaintext, testSuiteID, otherSuite)
		p.ReceiveID, p.Token, p.Key = otherSuite, otherToken, otherKey
	}
	rows := map[string]struct {
		configure func(*openwork.Config)
		edit      func(*push)
	}{
		"each with a Token and a key of its own": {func(cfg *openwork.Config) {
			cfg.SuiteID, cfg.Token, cfg.EncodingAESKey = otherSuite, otherToken, otherKey
		}, toOther},
		"both with one Token and key": {func(cfg *openwork.Config) { cfg.SuiteID = otherSuite }, func(p *push) {
			toOther(p)
			p.Token, p.Key = testToken, testKey
		}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			a, b := newFixture(t), newFixture(t, row.configure)
			mux := http.NewServeMux()
			mux.Handle("/a", a)
			mux.Handle("/b", b)
			send := func(path string, p *push) *httptest.ResponseRecorder {
				r := p.request()
				r.URL.Path = path
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				return w
			}
			for _, plaintext := range []string{
				ticketXML(testSuiteID, "ticket-1", testNow), command("change_auth"), `{"SuiteId":"` + testSuiteID + `","InfoType":"x"}`,
			} {
				forA, forB := newPush(plaintext), newPush(plaintext, row.edit)
				for path, p := range map[string]*push{"/a": forB, "/b": forA} {
					w := send(path, p)
					require.Equal(t, http.StatusForbidden, w.Code)
					require.Empty(t, w.Body.String())
				}
			}
			require.Empty(t, a.handledNames())
			require.Empty(t, b.handledNames())
			for f, suite := range map[*fixture]string{a: testSuiteID, b: otherSuite} {
				_, err := f.Tickets().Ticket(context.Background(), suite)
				require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)
			}

			ticket := ticketXML(testSuiteID, "ticket-1", testNow)
			require.Equal(t, "success", send("/a", newPush(ticket)).Body.String())
			require.Equal(t, "success", send("/b", newPush(ticket, row.edit)).Body.String())
			require.Equal(t, []string{"suite_ticket"}, a.handledNames())
			require.Equal(t, []string{"suite_ticket"}, b.handledNames())
		})
	}
}

func TestH16_NoSecretInLogsAndErrors(t *testing.T) {
	t.Parallel()
	const (
		oldToken = "OldTokenOfARotation"
		oldKey   = "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt"
		ticket   = "marker-of-the-ticket"
		authCode = "marker-of-the-auth-code"
		content  = "marker-of-the-content"
	)
	secrets := map[string]string{
		"the Token": testToken, "the old Token": oldToken, "the key": testKey, "the old key": oldKey,
		"the decoded key": hex.EncodeToString(refKey(testKey)), "a marker from a plaintext": "marker-of-",
		"the raw key": string(refKey(testKey)),
	}
	f := newFixture(t, func(cfg *openwork.Config) {
		cfg.Previous = &openwork.Credentials{Token: oldToken, EncodingAESKey: oldKey}
		cfg.AllowCorp = func(_ context.Context, corpID string) (bool, error) { return corpID == testCorp, nil }
	})
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		// What a handler's author writes in a hurry.
		logger := slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		logger.Debug("handler", "msg", msg, "value", *msg, "text", fmt.Sprint(msg), "verbs",
			fmt.Sprintf("%v %+v %#v %s %q %x %d %v %+v %#v", msg, msg, msg, msg, msg, msg, msg, *msg, *msg, *msg))
		slog.New(slog.NewJSONHandler(f.log, nil)).Info("handler", "msg", msg, "value", *msg)
		switch msg.Get("State") {
		case "error":
			return openwork.Success, fmt.Errorf("cannot handle %v (%+v)", msg, msg)
		case "panic":
			panic(msg)
		case "panic with text":
			panic(fmt.Sprintf("cannot handle %+v", msg))
		case "reply":
			return openwork.Text(content), nil
		}
		return next(msg)
	})

	frameWithLength := func(message string, length uint32) func(*push) {
		return func(p *push) {
			frame := refFrame([]byte(message), p.ReceiveID)
			binary.BigEndian.PutUint32(frame[16:], length)
			p.Encrypt = refEncryptRaw(p.Key, refPad(frame))
		}
	}
	sealed := func(frame []byte) func(*push) {
		return func(p *push) { p.Encrypt = refEncryptRaw(p.Key, frame) }
	}
	created := command("create_auth", "AuthCode", authCode)
	message := textMessage(content)
	short := "<xml>" + content + "</xml>"
	badPadding := bytes.Repeat([]byte(content+"!"), 32)
	badPadding[len(badPadding)-1] = 33

	type request struct {
		name string
		p    *push
	}
	requests := []request{
		{"good: ticket", newPush(ticketXML(testSuiteID, ticket, testNow))},
		{"good: older ticket", newPush(ticketXML(testSuiteID, ticket+"-older", testNow.Add(-time.Minute)))},
		{"good: ticket beyond 512 bytes", newPush(ticketXML(testSuiteID, strings.Repeat(ticket, 40), testNow))},
		{"good: create_auth", newPush(created)},
		{"good: message", newPush(message, toCorp)},
		{"good: unknown event", newPush(command("never_heard_of", "SuiteTicket", ticket, "AuthCode", authCode))},
		{"good: unknown message", newPush(document("ToUserName", testCorp, "FromUserName", content, "MsgType", "hologram",
			"Content", content), toCorp)},
		{"good: reply", newPush(document("ToUserName", testCorp, "FromUserName", "zhangsan", "MsgType", "text",
			"State", "reply", "Content", content), toCorp)},
		{"good: old credentials", newPush(created, func(p *push) { p.Token, p.Key = oldToken, oldKey })},
		{"good: URL check", newURLCheck("markerofanecho")},
		{"bad: reply to a command", newPush(command("create_auth", "AuthCode", authCode, "State", "reply"))},
		{"bad: handler error", newPush(command("create_auth", "AuthCode", authCode, "State", "error"))},
		{"bad: handler panic", newPush(command("create_auth", "AuthCode", authCode, "State", "panic"))},
		{"bad: handler panic with text", newPush(command("create_auth", "AuthCode", authCode, "State", "panic with text"))},
		{"bad: wrong Token", newPush(created, func(p *push) { p.Token = "another" })},
		{"bad: wrong key", newPush(created, func(p *push) { p.Key = strings.Repeat("A", 43) })},
		{"bad: Token and key mixed", newPush(created, func(p *push) { p.Token = oldToken })},
		{"bad: stale", newPush(created, func(p *push) { p.Timestamp = "1600000000" })},
		{"bad: receive id of another suite", newPush(created, func(p *push) { p.ReceiveID = "ww9f8e7d6c5b4a3928" })},
		{"bad: corp not allowed", newPush(message, func(p *push) { p.ReceiveID = "wpanother" })},
		{"bad: empty receive id", newPush(message, func(p *push) { p.ReceiveID = "" })},
		{"bad: SuiteId of another suite", newPush(strings.Replace(created, testSuiteID, "ww9f8e7d6c5b4a3928", 1))},
		{"bad: ticket of another suite", newPush(ticketXML("ww9f8e7d6c5b4a3928", ticket, testNow))},
		{"bad: ticket too long", newPush(ticketXML(testSuiteID, strings.Repeat(ticket, 400), testNow))},
		{"any: ticket without time", newPush(document("SuiteId", testSuiteID, "InfoType", "suite_ticket", "SuiteTicket", ticket,
			"TimeStamp", "marker-of-a-time"))},
		{"bad: length 0", newPush(created, frameWithLength(created, 0))},
		{"bad: length one less", newPush(created, frameWithLength(created, uint32(len(created)-1)))},
		{"bad: length of a few bytes, which leaves the message in the receive id", newPush(created, frameWithLength(created, 5))},
		{"bad: length of a few bytes of a short message", newPush(short, frameWithLength(short, 5))},
		{"bad: length beyond the end", newPush(created, frameWithLength(created, 0xffffffec))},
		{"bad: padding", newPush(created, sealed(badPadding))},
		{"bad: padding of another key's block", newPush(created, sealed(bytes.Repeat([]byte("marker-of-a-block-of-32-bytes!!!"), 4)))},
		{"bad: message is text", newPush("marker-of-a-plain-message")},
		{"bad: message is an unclosed root", newPush(strings.TrimSuffix(created, "</xml>"))},
		{"bad: message closed by another name", newPush("<xml><AuthCode>" + authCode + "</AuthCode></marker-of-a-name>")},
		{"bad: message with an unknown entity", newPush("<xml><AuthCode>&marker-of-an-entity;</AuthCode></xml>")},
		{"bad: message with an attribute", newPush(`<xml><InfoType a="marker-of-an-attribute">x</InfoType></xml>`)},
		{"bad: message with invalid UTF-8", newPush("<xml><AuthCode>" + authCode + "\xff</AuthCode></xml>")},
		{"bad: message with two InfoType", newPush(strings.Replace(created, "</xml>", "<InfoType>marker-of-a-type</InfoType></xml>", 1))},
		{"bad: broken JSON message", newPush(`{"AuthCode":"` + authCode + `",}`)},
		{"bad: broken JSON number", newPush(`{"AuthCode":marker-of-a-number}`)},
		{"any: message without a type", newPush(document("SuiteId", testSuiteID, "AuthCode", authCode))},
		{"bad: captured push as echo", newURLCheck(created, func(p *push) { p.ReceiveID = testSuiteID })},
		{"bad: captured message as echo", newURLCheck(content+"\n", func(p *push) { p.ReceiveID = testCorp })},
		{"bad: captured short text as echo", newURLCheck(content+"{", func(p *push) { p.ReceiveID = testCorp })},
		{"bad: plaintext without Encrypt", newPush(created, func(p *push) { p.Body = created })},
		{"bad: plaintext ticket without Encrypt", newPush(created, func(p *push) { p.Body = ticketXML(testSuiteID, ticket, testNow) })},
		{"bad: plaintext in JSON without Encrypt", newPush(created, func(p *push) { p.Body = `{"SuiteTicket":"` + ticket + `"}` })},
		{"bad: plaintext as Encrypt", newPush(created, func(p *push) { p.Encrypt = "marker-of-an-unencrypted-message" })},
		{"bad: body is text", newPush(created, func(p *push) { p.Body = "marker-of-a-body" })},
		{"bad: body closed by another name", newPush(created, func(p *push) { p.Body = "<xml><Encrypt></marker-of-a-name>" })},
		{"bad: body with an attribute", newPush(created, func(p *push) { p.Body = `<xml><Encrypt a="marker-of-an-attribute"/></xml>` })},
		{"bad: method", newPush(created, func(p *push) { p.Method = http.MethodPut })},
		{"bad: gzip", newPush(created, func(p *push) { p.Header.Set("Content-Encoding", "gzip") })},
	}
	for _, req := range requests {
		t.Run(req.name, func(t *testing.T) {
			whole := req.p.parts()
			begin := len(f.log.String())
			scan := func(where, text string) {
				for what, secret := range secrets {
					require.NotContains(t, text, secret, "%s is in %s", what, where)
				}
				require.NotContains(t, text, whole.Encrypt[:min(24, len(whole.Encrypt))], "the ciphertext is in %s", where)
			}

			resp, err := f.Serve(whole.request())
			switch outcome, _, _ := strings.Cut(req.name, ":"); outcome {
			case "good":
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, resp.StatusCode)
			case "bad":
				require.Nil(t, resp)
				require.Error(t, err)
			}
			for ; err != nil; err = errors.Unwrap(err) {
				scan("err.Error()", err.Error())
				scan("%+v of the error", fmt.Sprintf("%+v", err))
				scan("%#v of the error", fmt.Sprintf("%#v", err))
			}
			w := f.do(whole.request())
			if w.Code != http.StatusOK {
				require.Empty(t, w.Body.String())
			}
			scan("the headers of the answer", fmt.Sprint(w.Result().Header))

			logged := f.log.String()[begin:]
			if strings.HasPrefix(req.name, "bad") {
				require.NotEmpty(t, logged, "nothing was logged")
			}
			scan("the log", logged)
		})
	}
	t.Run("the signature that would have been right", func(t *testing.T) {
		p := newPush(created)
		p.Encrypt = refSeal(testKey, []byte(created), testSuiteID)
		right := refSign(testToken, p.Timestamp, p.Nonce, p.Encrypt)
		p.Signature = strings.Repeat("0", 40)
		begin := len(f.log.String())
		_, err := f.Serve(p.request())
		require.ErrorIs(t, err, openwork.ErrSignature)
		w := f.do(p.request())
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), w.Body.String(),
			fmt.Sprint(w.Result().Header), f.log.String()[begin:]} {
			require.NotContains(t, strings.ToLower(text), right)
		}
	})
	t.Run("what NewServer says of a bad configuration", func(t *testing.T) {
		for _, cfg := range []openwork.Config{
			{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey[:42]},
			{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey[:42] + "*"},
			{SuiteID: testSuiteID, Token: "", EncodingAESKey: testKey},
			{Token: testToken, EncodingAESKey: testKey},
		} {
			_, err := openwork.NewServer(cfg)
			require.Error(t, err)
			text := fmt.Sprintf("%v %+v %#v", err, err, err)
			require.NotContains(t, text, testToken)
			require.NotContains(t, text, testKey[:42])
		}
	})
}

// everyHandleMethod is the methods of Server that register a handler for one event.
func everyHandleMethod(s *openwork.Server) map[string]func(openwork.Handler) {
	return map[string]func(openwork.Handler){
		"HandleSuiteTicketRefreshed": s.HandleSuiteTicketRefreshed,
		"HandleAuthCreated":          s.HandleAuthCreated,
		"HandleAuthChanged":          s.HandleAuthChanged,
		"HandleAuthCancelled":        s.HandleAuthCancelled,
		"HandleContactChanged":       s.HandleContactChanged,
		"HandleUserCreated":          s.HandleUserCreated,
		"HandleUserUpdated":          s.HandleUserUpdated,
		"HandleUserDeleted":          s.HandleUserDeleted,
		"HandlePartyCreated":         s.HandlePartyCreated,
		"HandlePartyUpdated":         s.HandlePartyUpdated,
		"HandlePartyDeleted":         s.HandlePartyDeleted,
		"HandleUserTagUpdated":       s.HandleUserTagUpdated,
		"HandleShareAgentChanged":    s.HandleShareAgentChanged,
		"HandleResetPermanentCode":   s.HandleResetPermanentCode,
		"HandleChangeAppAdmin":       s.HandleChangeAppAdmin,
	}
}
