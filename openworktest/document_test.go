package openworktest_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every event of the catalogue reaches the kind of app it is for, in the form
// that this kind gets, and arrives as it was sent. To any other it is not
// pushed.
func TestPush_EveryEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		suite, template, provider := wecom.NewSuite(), wecom.NewTemplate(), wecom.NewProvider()
		receiver := func(config openwork.Config) (*openwork.Server, func() *openwork.Message) {
			server, err := openwork.NewServer(config)
			require.NoError(t, err)
			var last *openwork.Message
			server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				last = msg
				return next(msg)
			})
			return server, func() *openwork.Message { defer func() { last = nil }(); return last }
		}
		suiteServer, suiteGot := receiver(suite.Config())
		templateServer, templateGot := receiver(template.Config())
		providerServer, providerGot := receiver(provider.Config())
		suite.DeliverTo(suiteServer)
		template.DeliverTo(templateServer)
		provider.DeliverTo(providerServer)
		suiteCorp, templateCorp := install(t, suite), install(t, template.Suite)

		pushed := map[string]int{}
		all, err := catalogue.Events()
		require.NoError(t, err)
		for _, described := range all {
			for app, to := range map[string]struct {
				push func(event.Event) (openworktest.Answer, error)
				got  func() *openwork.Message
				corp string
			}{
				"third_party": {func(e event.Event) (openworktest.Answer, error) { return suiteCorp.Push(t.Context(), e) }, suiteGot, suiteCorp.ID()},
				"customized":  {func(e event.Event) (openworktest.Answer, error) { return templateCorp.Push(t.Context(), e) }, templateGot, templateCorp.ID()},
				"provider":    {func(e event.Event) (openworktest.Answer, error) { return provider.Push(t.Context(), e) }, providerGot, ""},
			} {
				form, forThem := formFor(described, app)
				sent := openworktest.SampleEvent(described.Name)
				if id := reflect.ValueOf(sent).Elem().FieldByName("PaidCorpID"); id.IsValid() && to.corp != "" {
					id.SetString(to.corp)
				}
				answer, err := to.push(sent)
				if !forThem {
					assert.ErrorContains(t, err, "PushXML", "%s to %s", described.Name, app)
					assert.Nil(t, to.got())
					continue
				}
				pushed[app]++
				require.NoError(t, err, "%s to %s", described.Name, app)
				require.Equal(t, openworktest.Accepted, answer.Verdict, "%s to %s", described.Name, app)
				msg := to.got()
				require.NotNil(t, msg, "%s to %s", described.Name, app)
				require.Equal(t, described.Name, msg.Name())
				require.Equal(t, form.Element == "InfoType", msg.InfoType != "", described.Name)

				got, err := msg.Typed()
				require.NoError(t, err)
				ignoreFilledIn(sent, got)
				require.Equal(t, sent, got, "%s to %s", described.Name, app)
			}
		}
		assert.Greater(t, pushed["third_party"], 100)
		assert.Greater(t, pushed["customized"], 100)
		assert.Greater(t, pushed["provider"], 15)
	})
}

// formFor is written out here: the catalogue's own function is under test.
func formFor(e *catalogue.Event, app string) (found catalogue.Form, ok bool) {
	for _, f := range e.Forms {
		if f.Apps == app {
			return f, true
		}
	}
	for _, f := range e.Forms {
		if f.Apps == "both" && app != "provider" {
			return f, true
		}
	}
	return catalogue.Form{}, false
}

// ignoreFilledIn makes equal what a platform fills in: the head and the MsgId.
func ignoreFilledIn(sent, got event.Event) {
	s, g := reflect.ValueOf(sent).Elem(), reflect.ValueOf(got).Elem()
	g.FieldByName("Head").Set(s.FieldByName("Head"))
	if id := g.FieldByName("MsgID"); id.IsValid() && id.CanInt() && id.Int() != 0 {
		id.Set(s.FieldByName("MsgID"))
	}
}

// What is empty is not sent; lists keep their empty items.
func TestPush_EmptyFields(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := install(t, suite)
		for xml, e := range map[string]event.Event{
			"": &event.CreateUser{},
			"<UserID><![CDATA[a]]></UserID><Department><![CDATA[0,2]]></Department><Status>5</Status>": &event.CreateUser{
				UserID: "a", Department: []int64{0, 2}, Status: 5, DirectLeader: []string{}},
			"<ExtAttr><Item></Item><Item><Name><![CDATA[<b>]]></Name><Text><Value><![CDATA[]]]]><![CDATA[>]]></Value></Text></Item></ExtAttr>": &event.CreateUser{
				ExtAttr: []event.ExtAttrItem{{}, {Name: "<b>", Text: event.ExtAttrItemText{Value: "]]>"}}}},
		} {
			requireAccepted(t)(corp.Push(t.Context(), e))
			msg := app.last()
			raw := string(msg.Raw())
			assert.Regexp(t, `^<xml><SuiteId>.*</SuiteId><AuthCorpId>.*</AuthCorpId><InfoType>.*</InfoType><ChangeType><!\[CDATA\[create_user\]\]></ChangeType><TimeStamp>\d+</TimeStamp>`, raw)
			assert.Contains(t, raw, "</TimeStamp>"+xml+"</xml>")
		}
	})
}

// What the event's Head says goes before what would be filled in.
func TestPush_HeadOfTheEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := install(t, suite)
		at := time.Now().Add(-time.Hour)

		requireAccepted(t)(corp.Push(t.Context(), &event.MessageText{Content: "x"}))
		assert.Equal(t, "zhangsan", app.last().FromUserName)
		assert.Equal(t, time.Now(), app.last().Time.In(time.Now().Location()))
		assert.NotEmpty(t, app.last().AgentID)
		first := app.last().Get("MsgId")
		requireAccepted(t)(corp.Push(t.Context(), &event.MessageText{Content: "x"}))
		assert.NotEqual(t, first, app.last().Get("MsgId"), "each message has a MsgId of its own")

		requireAccepted(t)(corp.Push(t.Context(), &event.MessageText{Content: "x", MsgID: 5,
			Head: event.Head{FromUserName: "lisi", AgentID: "77", Time: at}}))
		assert.Equal(t, "lisi", app.last().FromUserName)
		assert.Equal(t, "77", app.last().AgentID)
		assert.True(t, at.Equal(app.last().Time))
		assert.Equal(t, "5", app.last().Get("MsgId"))

		requireAccepted(t)(corp.Push(t.Context(), &event.ChangeAppAdmin{}))
		assert.Equal(t, "sys", app.last().FromUserName)
		requireAccepted(t)(corp.Push(t.Context(), &event.ChangeAppAdmin{Head: event.Head{FromUserName: "wangwu"}}))
		assert.Equal(t, "wangwu", app.last().FromUserName)

		// A push that says another suite or corp than it was made for is sealed for
		// the right one still: the Server finds the contradiction.
		answer, err := corp.Push(t.Context(), &event.CreateUser{Head: event.Head{SuiteID: "ww0000000000000002"}})
		require.NoError(t, err)
		assert.Equal(t, openworktest.ShownAsError, answer.Verdict)
		assert.Equal(t, 403, answer.Status)
		answer, err = corp.Push(t.Context(), &event.MessageText{Content: "x", Head: event.Head{ToUserName: testCorp}})
		require.NoError(t, err)
		assert.Equal(t, 403, answer.Status)
	})
}

// embedded is no event of the catalogue, though it has the methods of one.
type embedded struct {
	event.CreateUser
}

func TestPush_RefusesWhatIsNoEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		suite.DeliverTo(&recorder{})
		corp := install(t, suite)
		for _, e := range []event.Event{nil, (*event.CreateUser)(nil), &embedded{}} {
			_, err := corp.Push(t.Context(), e)
			assert.Error(t, err, "%T", e)
		}
	})
}
