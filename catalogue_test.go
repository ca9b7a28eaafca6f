package openwork_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every push of the catalogue travels the whole way: sealed for the receive id of its URL, over HTTP to a Server with the
// Config of that URL, to the handler of its name, of its family and to the one for all, and into the struct of its type.
func TestCatalogue_EveryPushArrives(t *testing.T) {
	t.Parallel()
	for _, form := range forms(t) {
		for _, way := range form.ways() {
			t.Run(form.Name+"/"+form.Channel+"/"+way.url.name+"/"+way.receiveID, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, way.url.config)
				family, _ := form.Parts()
				var order []string
				var messages []*openwork.Message
				collect := func(handler string) openwork.Handler {
					return func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
						order = append(order, handler)
						messages = append(messages, msg)
						return next(msg)
					}
				}
				f.Handle(form.Name, collect("name"))
				f.Handle(family, collect("family"))
				f.Handle(form.Name+"x", collect("another name"))
				f.Handle(family+"x", collect("another family"))
				f.With(collect("all"))

				f.requireSuccess(newPush(form.xml, way.to).request())

				require.Equal(t, []string{"name", "family", "all"}, order)
				require.Equal(t, []string{form.Name}, f.handledNames())
				msg := messages[0]
				require.Equal(t, way.receiveID, msg.ReceiveID)
				require.Equal(t, form.xml, string(msg.Raw()))

				want := form.want(t, form.xml)
				typed, err := msg.Typed()
				require.NoError(t, err)
				require.Equal(t, want, typed)
				decoded := event.New(msg.Name())
				require.NoError(t, msg.Decode(decoded))
				require.Equal(t, want, decoded)
				requireMessageHead(t, msg, reflect.ValueOf(want).Elem().FieldByName("Head").Interface().(event.Head))
			})
		}
	}
}

// The samples that users get are those of the table, one for each form.
func TestCatalogue_SamplesAreOfTheTable(t *testing.T) {
	t.Parallel()
	samples := openworktest.Samples()
	require.Len(t, samples, len(forms(t)))
	for i, form := range forms(t) {
		assert.Equal(t, []string{form.Name, form.Channel, form.Apps},
			[]string{samples[i].Name, samples[i].Channel, samples[i].Apps})
	}
}

func TestCatalogue_NamesAgree(t *testing.T) {
	t.Parallel()
	events, err := catalogue.Events()
	require.NoError(t, err)
	names, goNames := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		typed := event.New(e.Name)
		require.NotNil(t, typed, e.Name)
		assert.Equal(t, e.Name, typed.EventName())
		assert.Equal(t, e.GoName, reflect.TypeOf(typed).Elem().Name())
		assert.NotSame(t, typed, event.New(e.Name), e.Name)
		for _, name := range append([]string{e.Name}, e.Aliases...) {
			assert.False(t, names[strings.ToLower(name)], "%s stands for two events", name)
			names[strings.ToLower(name)] = true
		}
		assert.False(t, goNames[strings.ToLower(e.GoName)], "%s is nearly the name of another type", e.GoName)
		goNames[strings.ToLower(e.GoName)] = true
		for _, alias := range e.Aliases {
			typed := event.New(alias)
			require.NotNil(t, typed, alias)
			assert.Equal(t, e.Name, typed.EventName(), "the alias %s", alias)
		}

		requireFields(t, reflect.TypeOf(typed).Elem(), e.Tree(), e.GoName)
		head, ok := reflect.TypeOf(typed).Elem().FieldByName("Head")
		require.True(t, ok, e.GoName)
		assert.True(t, head.Anonymous, e.GoName)
	}
	for _, name := range []string{"", ".", "brand_new_event", "change_contact", "change_contact.", "create_auth.", "create_auth ", "message",
		"message.", "message.event", "create_user"} {
		assert.Nil(t, event.New(name), "%q", name)
	}
}

// An event of two forms is one type, and On gets both. The values here are written out, not made from the table.
func TestOn_BothForms(t *testing.T) {
	t.Parallel()
	fields := []string{"ChangeType", "create_user", "UserID", "zhangsan", "OpenUserID", "woAJ2GCAAAXtWyujaWJHDDGi0mACHHaa",
		"Name", "张三", "Department", "1,2,9223372036854775807", "MainDepartment", "9223372036854775807", "IsLeaderInDept", "1,0,0",
		"DirectLeader", "lisi,wangwu", "Mobile", "11111111111", "Position", "产品经理", "Gender", "1", "Email", "zhangsan@example.com",
		"BizMail", "zhangsan@biz.example.com", "Status", "4", "Avatar", "https://example.com/0", "Alias", "san",
		"Telephone", "020-111111", "Address", "<b>北京</b> & 上海"}
	extAttr := `<ExtAttr><Item><Name><![CDATA[爱好]]></Name><Type>0</Type><Text><Value><![CDATA[旅游]]></Value></Text></Item>` +
		`<Item><Name><![CDATA[卡号]]></Name><Type>1</Type><Web><Title><![CDATA[企业微信]]></Title>` +
		`<Url><![CDATA[https://work.weixin.qq.com?a=1&b=2]]></Url></Web></Item></ExtAttr></xml>`
	withExtAttr := func(plaintext string) string { return strings.TrimSuffix(plaintext, "</xml>") + extAttr }
	want := event.CreateUser{
		UserID: "zhangsan", OpenUserID: "woAJ2GCAAAXtWyujaWJHDDGi0mACHHaa", Name: "张三",
		Department: []int64{1, 2, 9223372036854775807}, MainDepartment: 9223372036854775807, IsLeaderInDept: []int64{1, 0, 0},
		DirectLeader: []string{"lisi", "wangwu"}, Mobile: "11111111111", Position: "产品经理", Gender: 1,
		Email: "zhangsan@example.com", BizMail: "zhangsan@biz.example.com", Status: 4, Avatar: "https://example.com/0", Alias: "san",
		Telephone: "020-111111", Address: "<b>北京</b> & 上海",
		ExtAttr: []event.ExtAttrItem{
			{Name: "爱好", Type: 0, Text: event.ExtAttrItemText{Value: "旅游"}},
			{Name: "卡号", Type: 1, Web: event.ExtAttrItemWeb{Title: "企业微信", URL: "https://work.weixin.qq.com?a=1&b=2"}},
		},
	}
	for _, row := range []struct {
		form string
		url  consoleURL
		push *push
		head event.Head
	}{
		{"InfoType, third-party app", thirdPartyApp, newPush(withExtAttr(command("change_contact", fields...))),
			event.Head{SuiteID: testSuiteID, AuthCorpID: testCorp, InfoType: "change_contact", ChangeType: "create_user",
				CorpID: testCorp, Time: testNow}},
		{"Event, customized app", customizedApp, newPush(withExtAttr(dataEvent("change_contact", fields...)), toCorp),
			event.Head{ToUserName: testCorp, FromUserName: "sys", MsgType: "event", Event: "change_contact", ChangeType: "create_user",
				CorpID: testCorp, Time: testNow}},
	} {
		t.Run(row.form, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, row.url.config)
			var got []*event.CreateUser
			openwork.On(f.Server, func(msg *openwork.Message, e *event.CreateUser, next openwork.Next) (openwork.Reply, error) {
				got = append(got, e)
				return next(msg)
			})
			f.requireSuccess(row.push.request())
			want := want
			want.Head = row.head
			require.Equal(t, []*event.CreateUser{&want}, got)
		})
	}
}

// Every form of an event reaches the handler of its type, and no other event does.
func TestOn_EveryForm(t *testing.T) {
	t.Parallel()
	onlyOn[event.SuiteTicket](t)
	onlyOn[event.CreateAuth](t)
	onlyOn[event.CreateUser](t)
	onlyOn[event.UpdateTag](t)
	onlyOn[event.ChangeExternalChatUpdate](t)
	onlyOn[event.CreateDepartment](t)
	onlyOn[event.ChangeSchoolContactBatch](t)
	onlyOn[event.OpenOrder](t)
	onlyOn[event.SysApprovalChange](t)
	onlyOn[event.ChangeAppAdmin](t)
	onlyOn[event.Location](t)
	onlyOn[event.TemplateCardEvent](t)
	onlyOn[event.MessageText](t)
	onlyOn[event.MessageLocation](t)
	onlyOn[event.DeviceDataAuthChange](t)
	onlyOn[event.LicensePaySuccess](t)
	onlyOn[event.AutoActivate](t)
	onlyOn[event.BatchJobResult](t)
	onlyOn[event.DeviceTemperatureDataReport](t)
}

// The spelling of the sample, school contacts' *_deparmtment, is the same event.
func TestOn_Aliases(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		url       consoleURL
		plaintext string
		edit      func(*push)
	}{
		{thirdPartyApp, command("change_school_contact", "ChangeType", "create_deparmtment", "Id", "7"), func(*push) {}},
		{thirdPartyApp, command("change_school_contact", "ChangeType", "create_department", "Id", "7"), func(*push) {}},
		{customizedApp, dataEvent("change_school_contact", "ChangeType", "create_deparmtment", "Id", "7"), toCorp},
		{customizedApp, dataEvent("change_school_contact", "ChangeType", "create_department", "Id", "7"), toCorp},
	} {
		f := newFixture(t, row.url.config)
		var ids []int64
		openwork.On(f.Server, func(msg *openwork.Message, e *event.CreateDepartment, next openwork.Next) (openwork.Reply, error) {
			ids = append(ids, e.ID)
			typed, err := msg.Typed()
			require.NoError(t, err)
			require.Equal(t, e, typed)
			return next(msg)
		})
		openwork.On(f.Server, func(*openwork.Message, *event.UpdateDepartment, openwork.Next) (openwork.Reply, error) {
			panic("another event")
		})
		var handled []string
		for _, name := range []string{event.NameCreateDepartment, "change_school_contact.create_deparmtment", "change_school_contact"} {
			f.Handle(name, func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				handled = append(handled, msg.Name())
				return next(msg)
			})
		}
		f.requireSuccess(newPush(row.plaintext, row.edit).request())
		assert.Equal(t, []int64{7}, ids, row.plaintext)
		assert.Equal(t, slices.Repeat([]string{event.NameCreateDepartment}, 3), handled, row.plaintext)
	}
}

// A name that the catalogue knows is one name in any case, of pushes and of
// handlers alike. The raw one is still there.
func TestHandle_NamesInAnyCase(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		what, plaintext, name, event, changeType string
		edit                                     func(*push)
		handlers                                 []string
	}{
		{"event", dataEvent("CLICK", "EventKey", "key"), "click", "CLICK", "", toCorp, []string{"click", "CLICK", "Click"}},
		{"event as documented", dataEvent("click", "EventKey", "key"), "click", "click", "", toCorp, []string{"click", "CLICK", "Click"}},
		{"event that is documented in upper case", dataEvent("location"), "LOCATION", "location", "", toCorp,
			[]string{"location", "LOCATION", "Location", event.NameLocation}},
		{"InfoType and ChangeType", command("Change_Contact", "ChangeType", "Create_User"), "change_contact.create_user", "Change_Contact", "Create_User",
			nil, []string{"change_contact.create_user", "CHANGE_CONTACT.create_user", "change_contact.CREATE_USER", "change_contact", "Change_Contact"}},
		{"the other spelling", command("CHANGE_SCHOOL_CONTACT", "ChangeType", "CREATE_DEPARMTMENT"), "change_school_contact.create_department",
			"CHANGE_SCHOOL_CONTACT", "CREATE_DEPARMTMENT", nil,
			[]string{"change_school_contact.create_department", "Change_School_Contact.Create_Deparmtment", "CHANGE_SCHOOL_CONTACT"}},
		{"a new change of a known family", command("CHANGE_CONTACT", "ChangeType", "Brand_New"), "change_contact.Brand_New", "CHANGE_CONTACT", "Brand_New",
			nil, []string{"change_contact.Brand_New", "Change_Contact.Brand_New", "change_contact"}},
		{"an event nobody knows", dataEvent("Brand_New", "ChangeType", "Create_User"), "Brand_New.Create_User", "Brand_New", "Create_User", toCorp,
			[]string{"Brand_New.Create_User", "Brand_New"}},
		{"kind of message", strings.ReplaceAll(textMessage("hello"), "[text]", "[Text]"), "message.text", "", "", toCorp,
			[]string{"message.text", "Message.TEXT", "MESSAGE"}},
		{"MsgType of an event", strings.ReplaceAll(dataEvent("CLICK"), "[event]", "[Event]"), "click", "CLICK", "", toCorp, []string{"click"}},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			handled := 0
			for _, name := range row.handlers {
				f.Handle(name, func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					handled++
					require.Equal(t, row.name, msg.Name())
					require.Equal(t, row.event, msg.Get("InfoType")+msg.Get("Event"))
					require.Equal(t, row.changeType, msg.Get("ChangeType"))
					return next(msg)
				})
			}
			for _, another := range []string{"brand_new.Create_User", "Brand_New.create_user", "brand_new", "change_contact.brand_new", "view"} {
				f.Handle(another, func(*openwork.Message, openwork.Next) (openwork.Reply, error) { panic("another event") })
			}
			f.requireSuccess(newPush(row.plaintext, func(p *push) {
				if row.edit != nil {
					row.edit(p)
				}
			}).request())
			require.Equal(t, len(row.handlers), handled)
		})
	}
}

// In another case a suite_ticket is one all the same: nobody else's is let in,
// and ours is kept.
func TestHandle_NamesInAnyCaseAreChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	shout := func(plaintext string) string { return strings.ReplaceAll(plaintext, "suite_ticket", "Suite_TICKET") }
	f.requireRefused(http.StatusForbidden, newPush(strings.ReplaceAll(shout(ticketXML("", "ticket", testNow)), "SuiteId", "Other")).request())
	f.requireSuccess(newPush(shout(ticketXML(testSuiteID, "ticket", testNow))).request())
	ticket, err := f.Tickets().Ticket(t.Context(), testSuiteID)
	require.NoError(t, err)
	require.Equal(t, "ticket", ticket.Value)
}

// On and Typed agree on what is another event: one with a ChangeType that the catalogue's has not.
func TestOn_AnotherChangeTypeIsAnotherEvent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	openwork.On(f.Server, func(*openwork.Message, *event.ShareAgentChange, openwork.Next) (openwork.Reply, error) {
		panic("another event")
	})
	var typedErr error
	f.HandleShareAgentChanged(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		_, typedErr = msg.Typed()
		return next(msg)
	})
	f.requireSuccess(newPush(command("share_agent_change", "ChangeType", "brand_new")).request())
	require.ErrorIs(t, typedErr, openwork.ErrUnknownEvent, "the family's handler has it all the same")
}

// A struct of one's own that embeds an event has its methods, and would stay empty but for the event.
func TestDecode_StructsThatAreNoEvents(t *testing.T) {
	t.Parallel()
	type mine struct {
		event.CreateUser
		Extra string
	}
	f := newFixture(t)
	assert.PanicsWithValue(t, "openwork: On of a struct that embeds one of package event", func() {
		openwork.On(f.Server, func(*openwork.Message, *mine, openwork.Next) (openwork.Reply, error) { return openwork.Success, nil })
	})
	msg, err := f.DecryptedMessage(newPush(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan", "Extra", "more")).request())
	require.NoError(t, err)
	require.ErrorContains(t, msg.Decode(&mine{}), "embeds")
	require.Error(t, msg.Decode((*event.CreateUser)(nil)))
}

// What was in a struct before does not stay: it may be another corp's.
func TestDecode_EmptiesTheStruct(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var e event.CreateUser
	for _, user := range []string{"alice", "bob"} {
		fields := []string{"ChangeType", "create_user", "UserID", user}
		if user == "alice" {
			fields = append(fields, "Department", "1,2", "Mobile", "111", "IsLeaderInDept", "1,0")
		}
		msg, err := f.DecryptedMessage(newPush(command("change_contact", fields...)).request())
		require.NoError(t, err)
		require.NoError(t, msg.Decode(&e))
		require.Equal(t, user, e.UserID)
	}
	require.Empty(t, e.Department)
	require.Empty(t, e.Mobile)
}

// On is one of the chain: in order of registration, with next, and its error and its reply count.
func TestOn_IsPartOfTheChain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var order []string
	say := func(word string, then func(openwork.Next, *openwork.Message) (openwork.Reply, error)) func(*openwork.Message, *event.MessageText, openwork.Next) (openwork.Reply, error) {
		return func(msg *openwork.Message, e *event.MessageText, next openwork.Next) (openwork.Reply, error) {
			order = append(order, word+" "+e.Content)
			return then(next, msg)
		}
	}
	pass := func(next openwork.Next, msg *openwork.Message) (openwork.Reply, error) { return next(msg) }
	openwork.On(f.Server, say("first", pass))
	f.Handle("message", func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		order = append(order, "family")
		return next(msg)
	})
	openwork.On(f.Server, say("last", func(openwork.Next, *openwork.Message) (openwork.Reply, error) {
		return openwork.Text("answer"), nil
	}))
	openwork.On(f.Server, say("never", pass))

	w := f.do(newPush(textMessage("hello"), toCorp).request())
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, []string{"first hello", "family", "last hello"}, order)
	content, _ := refOpen(t, testKey, parseReply(t, w.Body.Bytes()).Encrypt)
	require.Contains(t, content, "answer")

	assert.PanicsWithValue(t, "openwork: nil Handler", func() {
		openwork.On[event.MessageText](f.Server, nil)
	})
}

// An event that the catalogue does not have is normal on every URL: it runs through the chain and ends as a success.
func TestCatalogue_UnknownEvent(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		what, name string
		url        consoleURL
		receiveID  string
		plaintext  string
	}{
		{"command URL", "brand_new", thirdPartyApp, testSuiteID, command("brand_new", "Field", "a value")},
		{"command URL, a new change of a known family", "change_contact.brand_new", thirdPartyApp, testSuiteID,
			command("change_contact", "ChangeType", "brand_new", "Field", "a value")},
		{"command URL, a known family without a change", "change_contact", thirdPartyApp, testSuiteID,
			command("change_contact", "Field", "a value")},
		{"command URL, a change of an event that has none", "create_auth.brand_new", thirdPartyApp, testSuiteID,
			command("create_auth", "ChangeType", "brand_new", "Field", "a value")},
		{"template URL", "brand_new", templateURL, testTemplate,
			document("SuiteId", testTemplate, "InfoType", "brand_new", "AuthCorpId", testCorp, "TimeStamp", "1700000000", "Field", "a value")},
		{"data URL", "brand_new", thirdPartyApp, testCorp, dataEvent("brand_new", "Field", "a value")},
		{"data URL, an event called as a message is", "text", thirdPartyApp, testCorp, dataEvent("text", "Field", "a value")},
		{"data URL, a new kind of message", "message.brand_new", thirdPartyApp, testCorp,
			document("ToUserName", testCorp, "FromUserName", "zhangsan", "CreateTime", "1700000000", "MsgType", "brand_new", "Field", "a value")},
		{"customized app", "brand_new.change", customizedApp, testCorp, dataEvent("brand_new", "ChangeType", "change", "Field", "a value")},
		{"system event URL", "brand_new", systemEvents, testProvider,
			document("ServiceCorpId", testProvider, "InfoType", "brand_new", "AuthCorpId", testCorp, "TimeStamp", "1700000000", "Field", "a value")},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, row.url.config)
			var messages []*openwork.Message
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				messages = append(messages, msg)
				return next(msg)
			})
			f.requireSuccess(newPush(row.plaintext, func(p *push) { p.ReceiveID = row.receiveID }).request())
			require.Equal(t, []string{row.name}, f.handledNames())
			require.Len(t, messages, 1)
			typed, err := messages[0].Typed()
			require.ErrorIs(t, err, openwork.ErrUnknownEvent)
			require.ErrorContains(t, err, row.name)
			require.NotContains(t, err.Error(), "a value")
			require.Nil(t, typed)
			require.Equal(t, "a value", messages[0].Get("field"))
			require.Equal(t, testCorp, messages[0].CorpID)
			require.True(t, testNow.Equal(messages[0].Time))
		})
	}
}

// A JSON push is the same event: same struct, same head, same Get.
func TestCatalogue_JSON(t *testing.T) {
	t.Parallel()
	for _, form := range forms(t) {
		t.Run(form.Name+"/"+form.Channel, func(t *testing.T) {
			t.Parallel()
			text := jsonOf(t, form.xml)
			require.True(t, json.Valid([]byte(text)), text)
			fromXML, fromJSON := form.receive(t, form.xml), form.receive(t, text)
			typed, err := fromJSON.Typed()
			require.NoError(t, err)
			require.Equal(t, form.want(t, form.xml), typed)
			require.Equal(t, fieldsOf(fromXML), fieldsOf(fromJSON))
			for _, field := range fieldsOf(fromXML) {
				for _, name := range []string{field.name(), strings.ToUpper(field.name()), strings.ToLower(field.name())} {
					require.Equal(t, fromXML.Get(name), fromJSON.Get(name), name)
				}
			}
			require.Equal(t, fromXML.Time, fromJSON.Time)
			require.Equal(t, text, string(fromJSON.Raw()))
		})
	}
}

// WeCom is not consistent in how it writes the same push. Each row changes only that, in every push of the catalogue.
func TestCatalogue_Quirks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		quirk  string
		change func(t *testing.T, text string) string
	}{
		{"names in upper case", func(_ *testing.T, text string) string { return tags.ReplaceAllStringFunc(text, strings.ToUpper) }},
		{"names in lower case", func(_ *testing.T, text string) string { return tags.ReplaceAllStringFunc(text, strings.ToLower) }},
		{"names of events in another case", func(t *testing.T, text string) string {
			fields := topLevel(t, text)
			for i, f := range fields {
				if slices.Contains([]string{"InfoType", "ChangeType", "MsgType", "Event"}, f.name) {
					fields[i].raw = cdata.ReplaceAllStringFunc(f.raw, swapCase)
				}
			}
			return rawDocument(fields)
		}},
		{"blanks around CDATA", func(_ *testing.T, text string) string {
			return strings.NewReplacer("<![CDATA[", " \r\n\t<![CDATA[", "]]>", "]]>\n ").Replace(text)
		}},
		{"blanks around numbers", func(_ *testing.T, text string) string { return plainNumbers.ReplaceAllString(text, "> \n$1\t<") }},
		{"numbers as CDATA", func(_ *testing.T, text string) string { return plainNumbers.ReplaceAllString(text, "><![CDATA[$1]]><") }},
		{"numbers as CDATA with blanks inside", func(_ *testing.T, text string) string {
			return plainNumbers.ReplaceAllString(text, "><![CDATA[ $1\n]]><")
		}},
		{"numbers with a fraction of zero", func(_ *testing.T, text string) string { return wholeNumbers.ReplaceAllString(text, ">$1.0<") }},
		{"text without CDATA", func(_ *testing.T, text string) string {
			return strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(text)
		}},
		{"text as character references", func(_ *testing.T, text string) string {
			return strings.NewReplacer("<![CDATA[", "", "]]>", "", "值", "&#20540;", "0", "&#x30;").Replace(text)
		}},
		{"blanks in comma lists", func(_ *testing.T, text string) string { return strings.ReplaceAll(text, ",", " ,\n ") }},
		{"a comma too many", func(_ *testing.T, text string) string { return strings.ReplaceAll(text, ",", ",,") }},
		{"pretty-printed", func(_ *testing.T, text string) string {
			return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + strings.ReplaceAll(text, "><", ">\r\n  <") + "\n"
		}},
		{"blanks in end tags", func(_ *testing.T, text string) string { return endTags.ReplaceAllString(text, "</$1 >") }},
		{"the other way round", func(t *testing.T, text string) string {
			fields := topLevel(t, text)
			slices.SortStableFunc(fields, func(a, b rawField) int { return strings.Compare(b.name, a.name) })
			return rawDocument(fields)
		}},
		{"unknown fields between", func(t *testing.T, text string) string {
			var out []rawField
			for i, field := range topLevel(t, text) {
				name := fmt.Sprintf("Unknown%d", i)
				out = append(out, rawField{name, "<" + name + "><Item>1</Item><Item>2</Item></" + name + ">"}, field)
			}
			return rawDocument(out)
		}},
	} {
		t.Run(row.quirk, func(t *testing.T) {
			t.Parallel()
			changed := 0
			for _, form := range forms(t) {
				text := row.change(t, form.xml)
				if text != form.xml {
					changed++
				}
				typed, err := form.receive(t, text).Typed()
				require.NoError(t, err, form.Name)
				require.Equal(t, form.want(t, form.xml), typed, text)
			}
			require.NotZero(t, changed, "the row changes nothing")
		})
	}
}

// A field that is absent is the zero value, and every other field is what it was.
func TestCatalogue_MissingFields(t *testing.T) {
	t.Parallel()
	for _, form := range withoutTicket(t) {
		t.Run(form.Name+"/"+form.Channel, func(t *testing.T) {
			t.Parallel()
			for _, node := range form.Tree() {
				text := rawDocument(slices.DeleteFunc(topLevel(t, form.xml), func(f rawField) bool { return f.name == node.Name }))
				require.NotEqual(t, form.xml, text)
				typed, err := form.receive(t, text).Typed()
				require.NoError(t, err)
				want := form.want(t, text)
				reflect.ValueOf(want).Elem().FieldByName(node.GoName()).SetZero()
				require.Equal(t, want, typed, "without %s", node.Name)
			}

			text := rawDocument(slices.DeleteFunc(topLevel(t, form.xml), func(f rawField) bool { return !headNames[f.name] }))
			typed, err := form.receive(t, text).Typed()
			require.NoError(t, err)
			want := event.New(form.Name)
			reflect.ValueOf(want).Elem().FieldByName("Head").Set(reflect.ValueOf(headOf(t, text)))
			require.Equal(t, want, typed, "nothing but the head")
		})
	}
}

// An empty element is the zero value; repeated siblings are as many, whatever is in them.
func TestCatalogue_EmptyElements(t *testing.T) {
	t.Parallel()
	for _, empty := range []string{"<$1></$1>", "<$1/>", "<$1><![CDATA[]]></$1>", "<$1> \n</$1>"} {
		t.Run(empty, func(t *testing.T) {
			t.Parallel()
			for _, form := range withoutTicket(t) {
				fields := topLevel(t, form.xml)
				for i, f := range fields {
					if !headNames[f.name] {
						fields[i].raw = leaves.ReplaceAllString(f.raw, empty)
					}
				}
				text := rawDocument(fields)
				typed, err := form.receive(t, text).Typed()
				require.NoError(t, err)
				want := event.New(form.Name)
				fillFields(t, reflect.ValueOf(want).Elem(), form.Tree(), "", 1, func(string, string, int) string { return "" })
				reflect.ValueOf(want).Elem().FieldByName("Head").Set(reflect.ValueOf(headOf(t, text)))
				require.Equal(t, want, typed, text)
			}
		})
	}
}

// What is no number is 0, for the same push is still an event.
func TestCatalogue_NumbersThatAreNone(t *testing.T) {
	t.Parallel()
	form := formNamed(t, "change_contact.create_user", "command")
	for _, value := range []string{"", "abc", "1.5", "1e3", "0x10", "１", "1 2", "--1", "99999999999999999999", "-99999999999999999999",
		"99999999999999999999.0", "NaN", "true", "<Item>1</Item>"} {
		t.Run("whole number "+value, func(t *testing.T) {
			t.Parallel()
			text := strings.TrimSuffix(command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan"), "</xml>") +
				"<Status>" + value + "</Status><MainDepartment>" + value + "</MainDepartment><Name>after</Name></xml>"
			typed, err := form.receive(t, text).Typed()
			require.NoError(t, err)
			require.Equal(t, &event.CreateUser{Head: headOf(t, text), UserID: "zhangsan", Name: "after"}, typed)
		})
		t.Run("time "+value, func(t *testing.T) {
			t.Parallel()
			text := strings.TrimSuffix(dataEvent("inactive_alert"), "</xml>") + "<EffectTime>" + value + "</EffectTime></xml>"
			typed, err := formNamed(t, "inactive_alert", "data").receive(t, text).Typed()
			require.NoError(t, err)
			require.Equal(t, &event.InactiveAlert{Head: headOf(t, text)}, typed)
		})
	}
	for _, value := range []string{"", "abc", "NaN", "nan", "Inf", "-Infinity", "1e999", "0x1p-2", "1_0", "1.2.3", "<Item>1</Item>"} {
		t.Run("fraction "+value, func(t *testing.T) {
			t.Parallel()
			text := strings.TrimSuffix(dataEvent("LOCATION", "AppType", "wxwork"), "</xml>") + "<Latitude>" + value + "</Latitude></xml>"
			typed, err := formNamed(t, "LOCATION", "data").receive(t, text).Typed()
			require.NoError(t, err)
			require.Equal(t, &event.Location{Head: headOf(t, text), AppType: "wxwork"}, typed)
		})
	}
}

// The quirks of the official samples, one by one.
func TestCatalogue_OfficialQuirks(t *testing.T) {
	t.Parallel()
	const head = "<ToUserName>" + testCorp + "</ToUserName><FromUserName>sys</FromUserName><CreateTime>1700000000</CreateTime>" +
		"<MsgType>event</MsgType>"
	dataHead := func(name, agentID string) event.Head {
		return event.Head{ToUserName: testCorp, FromUserName: "sys", MsgType: "event", Event: name, AgentID: agentID, CorpID: testCorp,
			Time: testNow}
	}
	for _, row := range []struct {
		quirk, text, receiveID string
		want                   event.Event
	}{
		{"a blank before CDATA",
			"<xml><SuiteId> <![CDATA[" + testSuiteID + "]]></SuiteId><InfoType> <![CDATA[suite_ticket]]></InfoType><TimeStamp> 1700000000</TimeStamp>" +
				"<SuiteTicket> <![CDATA[ticket]]></SuiteTicket></xml>", testSuiteID,
			&event.SuiteTicket{Head: event.Head{SuiteID: testSuiteID, InfoType: "suite_ticket", Time: testNow}, SuiteTicket: "ticket"}},
		{"a broken CDATA section",
			"<xml><SuiteId>" + testSuiteID + "</SuiteId><AuthCorpId>" + testCorp + "</AuthCorpId><InfoType>share_agent_change</InfoType>" +
				"<TimeStamp>1700000000</TimeStamp><AppId>9</AppId><CorpId>![CDATA[ww0000000000000009]]</CorpId><AgentId>1000046</AgentId></xml>",
			testSuiteID, nil},
		{"a blank in an end tag",
			"<xml>" + head + "<Event>switch_workbench_mode</Event><Mode>1</Mode ><AgentID>218</AgentID></xml>", testCorp,
			&event.SwitchWorkbenchMode{Head: dataHead("switch_workbench_mode", "218"), Mode: 1}},
		{"AgentId for AgentID",
			"<xml>" + head + "<Event>change_app_admin</Event><AgentId>218</AgentId></xml>", testCorp,
			&event.ChangeAppAdmin{Head: dataHead("change_app_admin", "218")}},
		{"ItemUserid for ItemUserId, ApproverStep for approverstep",
			"<xml>" + head + "<Event>open_approval_change</Event><ApprovalInfo><ThirdNo>201806010001</ThirdNo><ApprovalNodes><ApprovalNode>" +
				"<NodeStatus>1</NodeStatus><Items><Item><ItemName>chauvetxiao</ItemName><ItemUserid>XiaoWen</ItemUserid></Item></Items></ApprovalNode>" +
				"</ApprovalNodes><ApproverStep>3</ApproverStep></ApprovalInfo></xml>", testCorp, nil},
		{"repeated siblings without a wrapper",
			"<xml>" + head + "<Event>kf_account_auth_change</Event><AuthAddOpenKfId>a</AuthAddOpenKfId><AuthDelOpenKfId>x</AuthDelOpenKfId>" +
				"<AuthAddOpenKfId>b</AuthAddOpenKfId></xml>", testCorp,
			&event.KfAccountAuthChange{Head: dataHead("kf_account_auth_change", ""), AuthAddOpenKfID: []string{"a", "b"}, AuthDelOpenKfID: []string{"x"}}},
		{"one sibling of those that repeat",
			"<xml>" + head + "<Event>kf_account_auth_change</Event><AuthAddOpenKfId>a</AuthAddOpenKfId></xml>", testCorp,
			&event.KfAccountAuthChange{Head: dataHead("kf_account_auth_change", ""), AuthAddOpenKfID: []string{"a"}}},
	} {
		t.Run(row.quirk, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			var got []event.Event
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				typed, err := msg.Typed()
				require.NoError(t, err)
				got = append(got, typed)
				return next(msg)
			})
			f.requireSuccess(newPush(row.text, func(p *push) { p.ReceiveID = row.receiveID }).request())
			require.Len(t, got, 1)
			if row.want != nil {
				require.Equal(t, row.want, got[0])
				return
			}
			switch e := got[0].(type) {
			case *event.ShareAgentChange:
				require.Equal(t, headOf(t, row.text).CorpID, e.Head.CorpID)
				require.Contains(t, e.CorpID, "ww0000000000000009")
				require.Equal(t, int64(9), e.AppID)
				require.Equal(t, testNow, e.Time)
			case *event.OpenApprovalChange:
				require.Equal(t, "XiaoWen", e.ApprovalInfo.ApprovalNodes[0].Items[0].ItemUserID)
				require.Equal(t, 3, e.ApprovalInfo.Approverstep)
				require.Equal(t, "201806010001", e.ApprovalInfo.ThirdNo)
			default:
				t.Fatalf("%T", e)
			}
		})
	}
}

// Older pages spell OptionId as OpitonId, and the booking of a meeting room as MeetingId.
func TestCatalogue_OtherSpellings(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"OptionIds", "OpitonIds", "opitonids"} {
		for _, item := range []string{"OptionId", "OpitonId", "OPTIONID"} {
			text := strings.TrimSuffix(dataEvent("template_card_event", "TaskId", "task"), "</xml>") +
				"<SelectedItems><SelectedItem><QuestionKey>q1</QuestionKey><" + list + "><" + item + ">a</" + item + "><" + item + ">b</" + item + ">" +
				"</" + list + "></SelectedItem><SelectedItem><QuestionKey>q2</QuestionKey></SelectedItem></SelectedItems></xml>"
			typed, err := formNamed(t, "template_card_event", "data").receive(t, text).Typed()
			require.NoError(t, err)
			e := typed.(*event.TemplateCardEvent)
			require.Len(t, e.SelectedItems, 2, text)
			assert.Equal(t, "q1", e.SelectedItems[0].QuestionKey)
			assert.Equal(t, []string{"a", "b"}, e.SelectedItems[0].OptionIDs, text)
			assert.Equal(t, "q2", e.SelectedItems[1].QuestionKey)
			assert.Empty(t, e.SelectedItems[1].OptionIDs)
		}
	}
	for _, name := range []string{"BookingId", "MeetingId", "bookingid", "meetingID"} {
		text := dataEvent("book_meeting_room", "MeetingRoomId", "2", name, "mtg5 ")
		typed, err := formNamed(t, "book_meeting_room", "data").receive(t, text).Typed()
		require.NoError(t, err)
		e := typed.(*event.BookMeetingRoom)
		assert.Equal(t, "mtg5", e.BookingID, "%s: the blank of WeCom's sample", name)
	}
}

func TestX17_LargestBatch(t *testing.T) {
	t.Parallel()
	const entries = 1000
	var list strings.Builder
	want := make([]event.ChangeList, entries)
	for i := range want {
		fmt.Fprintf(&list, "<ChangeList><TimeStamp>%d</TimeStamp><ChangeType><![CDATA[update_student]]></ChangeType><Id><![CDATA[student%064d]]></Id>"+
			"<NewId><![CDATA[renamed%064d]]></NewId></ChangeList>\n", 1700000000+i, i, i)
		want[i] = event.ChangeList{TimeStamp: time.Unix(int64(1700000000+i), 0), ChangeType: "update_student",
			ID: fmt.Sprintf("student%064d", i), NewID: fmt.Sprintf("renamed%064d", i)}
	}
	text := strings.TrimSuffix(command("change_school_contact_batch"), "</xml>") + list.String() + "</xml>"
	for form, plaintext := range map[string]string{"XML": text, "JSON": jsonOf(t, text)} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			var got *event.ChangeSchoolContactBatch
			openwork.On(f.Server, func(msg *openwork.Message, e *event.ChangeSchoolContactBatch, next openwork.Next) (openwork.Reply, error) {
				got = e
				return next(msg)
			})
			f.requireSuccess(newPush(plaintext).request())
			require.NotNil(t, got)
			require.Len(t, got.ChangeList, entries)
			require.Equal(t, want, got.ChangeList)
		})
	}
}

// Decode reads every push into a struct of one's own as well, by encoding/xml, and the two agree field by field.
func TestCatalogue_OwnStructAgrees(t *testing.T) {
	t.Parallel()
	for _, form := range forms(t) {
		t.Run(form.Name+"/"+form.Channel, func(t *testing.T) {
			t.Parallel()
			for _, text := range []string{form.xml, jsonOf(t, form.xml)} {
				msg := form.receive(t, text)
				typed, err := msg.Typed()
				require.NoError(t, err)
				own := reflect.New(ownStruct(form.Tree()))
				require.NoError(t, msg.Decode(own.Interface()))
				requireOwnFields(t, own.Elem(), reflect.ValueOf(typed).Elem(), form.Tree())
			}
		})
	}
}

// form is one of the forms of an event, with its sample.
type form struct {
	*catalogue.Event
	catalogue.Form
	xml string
}

// withoutTicket is forms but for suite_ticket, which is refused without a ticket: what is stored is looked at first.
func withoutTicket(t testing.TB) []form {
	t.Helper()
	return slices.DeleteFunc(forms(t), func(f form) bool { return f.Name == event.NameSuiteTicket })
}

func forms(t testing.TB) (all []form) {
	t.Helper()
	events, err := catalogue.Events()
	require.NoError(t, err)
	require.NotEmpty(t, events)
	for _, e := range events {
		for _, f := range e.Forms {
			all = append(all, form{e, f, e.Sample(f)})
		}
	}
	return all
}

func formsNamed(t testing.TB, name string) []form {
	t.Helper()
	all := slices.DeleteFunc(forms(t), func(f form) bool { return f.Name != name })
	require.NotEmpty(t, all, name)
	return all
}

func formNamed(t testing.TB, name, channel string) form {
	t.Helper()
	all := slices.DeleteFunc(formsNamed(t, name), func(f form) bool { return f.Channel != channel })
	require.Len(t, all, 1)
	return all[0]
}

// way is a URL that a push may come to, and what it is encrypted for there.
type way struct {
	url       consoleURL
	receiveID string
}

func (w way) to(p *push) { p.ReceiveID = w.receiveID }

// ways are those of the table of receive ids in doc.go. Where a form comes to the URL of the other, both ids are possible.
func (f form) ways() []way {
	suite, corp := way{thirdPartyApp, testSuiteID}, way{thirdPartyApp, testCorp}
	switch {
	case f.Channel == "provider":
		return []way{{systemEvents, testProvider}}
	case f.Channel == "command" && f.Element == "InfoType":
		return []way{suite}
	case f.Channel == "command" || f.Element == "InfoType":
		return []way{suite, corp}
	case f.Apps == "third_party":
		return []way{corp}
	case f.Apps == "both":
		return []way{corp, {customizedApp, testCorp}}
	}
	return []way{{customizedApp, testCorp}}
}

// receive is a push with the plaintext as a handler sees it.
func (f form) receive(t *testing.T, plaintext string) *openwork.Message {
	t.Helper()
	way := f.ways()[0]
	server := newFixture(t, way.url.config)
	msg, err := server.DecryptedMessage(newPush(plaintext, way.to).request())
	require.NoError(t, err, plaintext)
	require.Equal(t, f.Name, msg.Name())
	return msg
}

// want is the event as the catalogue says, without the generated decoders; text is the push, for its head.
func (f form) want(t *testing.T, text string) event.Event {
	t.Helper()
	e := event.New(f.Name)
	require.NotNil(t, e)
	v := reflect.ValueOf(e).Elem()
	v.FieldByName("Head").Set(reflect.ValueOf(headOf(t, text)))
	fillFields(t, v, f.Tree(), "", 1, catalogue.SampleValue)
	return e
}

var headNames = map[string]bool{"SuiteId": true, "AuthCorpId": true, "ServiceCorpId": true, "InfoType": true, "ChangeType": true,
	"TimeStamp": true, "ToUserName": true, "FromUserName": true, "CreateTime": true, "MsgType": true, "Event": true, "AgentID": true}

// headOf is the head of a push as encoding/xml reads it.
func headOf(t *testing.T, text string) event.Head {
	t.Helper()
	var read readDocument
	require.NoError(t, xml.Unmarshal([]byte(text), &read))
	values := map[string]string{}
	for _, field := range read.Fields {
		values[field.name()] = strings.TrimSpace(field.Value)
	}
	head := event.Head{SuiteID: values["SuiteId"], AuthCorpID: values["AuthCorpId"], ServiceCorpID: values["ServiceCorpId"],
		InfoType: values["InfoType"], ChangeType: values["ChangeType"], ToUserName: values["ToUserName"],
		FromUserName: values["FromUserName"], MsgType: values["MsgType"], Event: values["Event"],
		AgentID: values["AgentID"] + values["AgentId"],
		Time:    time.Unix(catalogue.SampleTime, 0)}
	for _, name := range []string{"ToUserName", "PaidCorpId", "AuthCorpId"} {
		if values[name] != "" {
			head.CorpID = values[name]
		}
	}
	return head
}

// requireMessageHead compares what the Message says of itself with the event's head.
func requireMessageHead(t *testing.T, msg *openwork.Message, head event.Head) {
	t.Helper()
	require.Equal(t, head, event.Head{SuiteID: msg.SuiteID, AuthCorpID: msg.AuthCorpID, ServiceCorpID: msg.Get("ServiceCorpId"),
		InfoType: msg.InfoType, ChangeType: msg.ChangeType, ToUserName: msg.ToUserName, FromUserName: msg.FromUserName,
		MsgType: msg.MsgType, Event: msg.Event, AgentID: msg.AgentID, CorpID: msg.CorpID, Time: msg.Time})
}

// fillFields gives every field of a struct the value that the table's samples have, by reflection: the path of the field
// and the number of the item make the value.
func fillFields(t *testing.T, v reflect.Value, nodes []*catalogue.Node, prefix string, item int, value func(typ, path string, item int) string) {
	t.Helper()
	for _, n := range nodes {
		field := v.FieldByName(n.GoName())
		require.True(t, field.IsValid(), "%s has no field for %s%s", v.Type(), prefix, n.Name)
		fillField(t, field, n, prefix+n.Name, item, value)
	}
}

func fillField(t *testing.T, field reflect.Value, n *catalogue.Node, path string, item int, value func(typ, path string, item int) string) {
	t.Helper()
	one := func(field reflect.Value, item int) {
		if list := n.List(); list != nil {
			fillField(t, field, list, path+"/"+list.Name, item, value)
		} else if n.Type == "" {
			fillFields(t, field, n.Children, path+"/", item, value)
		} else if text := value(n.Type, path, item); text != "" {
			field.Set(leafValue(t, field.Type(), n.Type, text))
			require.False(t, field.IsZero(), "the sample of %s is the zero value, which shows nothing", path)
		}
	}
	if !n.Repeats {
		one(field, item)
		return
	}
	for i := range 2 {
		element := reflect.New(field.Type().Elem()).Elem()
		one(element, item+i)
		field.Set(reflect.Append(field, element))
	}
}

// leafValue is the text of a leaf as the Go type that the table's type stands for.
func leafValue(t *testing.T, typ reflect.Type, name, text string) reflect.Value {
	t.Helper()
	whole := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		return n
	}
	var v any
	switch name {
	case "string":
		v = text
	case "int":
		v = int(whole(text))
		if typ.Kind() == reflect.Int64 { // in a list
			v = whole(text)
		}
	case "int64":
		v = whole(text)
	case "float64":
		f, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		v = f
	case "time":
		v = time.Unix(whole(text), 0)
	case "strings":
		v = strings.Split(text, ",")
	case "ints":
		var numbers []int64
		for _, part := range strings.Split(text, ",") {
			numbers = append(numbers, whole(part))
		}
		v = numbers
	}
	require.Equal(t, typ, reflect.TypeOf(v), "the Go type of %s", name)
	return reflect.ValueOf(v)
}

// requireFields checks that a struct has the fields of the table, in their order, and no others.
func requireFields(t *testing.T, typ reflect.Type, nodes []*catalogue.Node, path string) {
	t.Helper()
	var got, want []string
	for i := range typ.NumField() {
		if f := typ.Field(i); !f.Anonymous {
			got = append(got, f.Name)
		}
	}
	for _, n := range nodes {
		want = append(want, n.GoName())
	}
	require.Equal(t, want, got, path)
	for _, n := range nodes {
		field, _ := typ.FieldByName(n.GoName())
		inner := n
		if list := n.List(); list != nil {
			inner = list
		}
		fieldType := field.Type
		if inner.Repeats {
			require.Equal(t, reflect.Slice, fieldType.Kind(), "%s.%s", path, n.Name)
			fieldType = fieldType.Elem()
		}
		if inner.Type == "" {
			requireFields(t, fieldType, inner.Children, path+"."+n.Name)
		}
	}
}

// onlyOn checks that a handler of a type gets every form of its event, and nothing else, as the catalogue says.
func onlyOn[E any, P interface {
	*E
	event.Event
}](t *testing.T) {
	name := P(new(E)).EventName()
	for _, form := range formsNamed(t, name) {
		for _, way := range form.ways() {
			t.Run(name+"/"+form.Channel+"/"+way.url.name+"/"+way.receiveID, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, way.url.config)
				var got []event.Event
				openwork.On(f.Server, func(msg *openwork.Message, e P, next openwork.Next) (openwork.Reply, error) {
					got = append(got, e)
					return next(msg)
				})
				f.requireSuccess(newPush(form.xml, way.to).request())
				require.Equal(t, []event.Event{form.want(t, form.xml)}, got)

				for _, other := range forms(t) {
					if other.Name != name && other.ways()[0].receiveID == way.receiveID {
						f.requireSuccess(newPush(other.xml, way.to).request())
					}
				}
				require.Greater(t, len(f.handledNames()), 10)
				require.Len(t, got, 1, "another event reached the handler")
			})
		}
	}
}

// jsonOf writes a push as JSON: repeated siblings as an array, numbers without quotes, an element that holds elements as an
// object.
func jsonOf(t *testing.T, text string) string {
	t.Helper()
	var root jsonElement
	require.NoError(t, xml.Unmarshal([]byte(text), &root))
	var b bytes.Buffer
	root.write(t, &b)
	return b.String()
}

type jsonElement struct {
	XMLName  xml.Name
	Value    string        `xml:",chardata"`
	Children []jsonElement `xml:",any"`
}

var jsonNumber = regexp.MustCompile(`\A(0|-?[1-9][0-9]*)(\.[0-9]+)?\z`)

func (e jsonElement) write(t *testing.T, b *bytes.Buffer) {
	t.Helper()
	if len(e.Children) == 0 {
		if jsonNumber.MatchString(e.Value) {
			b.WriteString(e.Value)
			return
		}
		quoted, err := json.Marshal(e.Value)
		require.NoError(t, err)
		b.Write(quoted)
		return
	}
	var names []string
	byName := map[string][]jsonElement{}
	for _, c := range e.Children {
		if name := c.XMLName.Local; byName[name] == nil {
			names = append(names, name)
		}
		byName[c.XMLName.Local] = append(byName[c.XMLName.Local], c)
	}
	for i, name := range names {
		b.WriteString(map[bool]string{true: "{", false: ", "}[i == 0])
		fmt.Fprintf(b, "%q: ", name)
		if items := byName[name]; len(items) == 1 {
			items[0].write(t, b)
		} else {
			for j, item := range items {
				b.WriteString(map[bool]string{true: "[", false: ", "}[j == 0])
				item.write(t, b)
			}
			b.WriteString("]")
		}
	}
	b.WriteString("}")
}

var (
	tags         = regexp.MustCompile(`</?[A-Za-z0-9_]+>`)
	endTags      = regexp.MustCompile(`</([A-Za-z0-9_]+)>`)
	plainNumbers = regexp.MustCompile(`>([0-9.]+)<`)
	wholeNumbers = regexp.MustCompile(`>([0-9]{2,4})<`) // neither a yes nor what stands in the head
	leaves       = regexp.MustCompile(`<([A-Za-z0-9_]+)>(?:<!\[CDATA\[[^\]]*\]\]>|[^<]+)</[A-Za-z0-9_]+>`)
)

var cdata = regexp.MustCompile(`\[[^\[\]]*\]\]`) // but for its opening

func swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, text)
}

// rawField is a top-level field as it stands in a push.
type rawField struct{ name, raw string }

func topLevel(t *testing.T, text string) (fields []rawField) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	depth, start := 0, int64(0)
	for {
		before := decoder.InputOffset()
		token, err := decoder.Token()
		if token == nil {
			require.ErrorContains(t, err, "EOF")
			return fields
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				start = before
			}
		case xml.EndElement:
			if depth--; depth == 1 {
				fields = append(fields, rawField{token.Name.Local, text[start:decoder.InputOffset()]})
			}
		}
	}
}

func rawDocument(fields []rawField) string {
	var b strings.Builder
	b.WriteString("<xml>")
	for _, f := range fields {
		b.WriteString(f.raw)
	}
	return b.String() + "</xml>"
}

// ownStruct is the type that a user would write for the fields, with the tags of encoding/xml.
func ownStruct(nodes []*catalogue.Node) reflect.Type {
	fields := make([]reflect.StructField, len(nodes))
	for i, n := range nodes {
		typ := map[string]reflect.Type{"string": reflect.TypeFor[string](), "strings": reflect.TypeFor[string](),
			"ints": reflect.TypeFor[string](), "int": reflect.TypeFor[int64](), "int64": reflect.TypeFor[int64](),
			"time": reflect.TypeFor[int64](), "float64": reflect.TypeFor[float64]()}[n.Type]
		if typ == nil {
			typ = ownStruct(n.Children)
		}
		if n.Repeats {
			typ = reflect.SliceOf(typ)
		}
		fields[i] = reflect.StructField{Name: n.GoName(), Type: typ, Tag: reflect.StructTag(fmt.Sprintf(`xml:"%s"`, n.Name))}
	}
	return reflect.StructOf(fields)
}

// requireOwnFields compares a user's struct with the catalogue's.
func requireOwnFields(t *testing.T, own, typed reflect.Value, nodes []*catalogue.Node) {
	t.Helper()
	for _, n := range nodes {
		requireOwnField(t, own.FieldByName(n.GoName()), typed.FieldByName(n.GoName()), n)
	}
}

func requireOwnField(t *testing.T, own, typed reflect.Value, n *catalogue.Node) {
	t.Helper()
	one := func(own, typed reflect.Value) {
		switch list := n.List(); {
		case list != nil:
			requireOwnField(t, own.Field(0), typed, list)
		case n.Type == "":
			requireOwnFields(t, own, typed, n.Children)
		case n.Type == "strings":
			require.Equal(t, own.String(), strings.Join(typed.Interface().([]string), ","), n.Name)
		case n.Type == "ints":
			require.Equal(t, "["+strings.ReplaceAll(own.String(), ",", " ")+"]", fmt.Sprint(typed.Interface()), n.Name)
		case n.Type == "time":
			require.Equal(t, own.Int(), typed.Interface().(time.Time).Unix(), n.Name)
		case n.Type == "int", n.Type == "int64":
			require.Equal(t, own.Int(), typed.Int(), n.Name)
		default:
			require.Equal(t, own.Interface(), typed.Interface(), n.Name)
		}
	}
	if !n.Repeats {
		one(own, typed)
		return
	}
	require.Equal(t, 2, own.Len(), n.Name)
	require.Equal(t, own.Len(), typed.Len(), n.Name)
	for i := range own.Len() {
		one(own.Index(i), typed.Index(i))
	}
}
