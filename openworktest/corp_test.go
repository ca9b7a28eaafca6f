package openworktest_test

import (
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The same event comes to a third-party app on the command URL, made for the
// suite, and to a customized app in the form of self-built ones, made for the
// corp.
func TestCorp_FormOfTheApp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		suite, template := wecom.NewSuite(), wecom.NewTemplate()
		app, templateApp := newApp(t, suite), newApp(t, template.Suite)
		corp, customer := install(t, suite), install(t, template.Suite)

		requireAccepted(t)(corp.Push(t.Context(), &event.CreateUser{UserID: "lisi"}))
		msg := app.last()
		assert.Equal(t, "change_contact", msg.InfoType)
		assert.Equal(t, suite.Config().SuiteID, msg.SuiteID)
		assert.Equal(t, suite.Config().SuiteID, msg.ReceiveID)
		assert.Equal(t, corp.ID(), msg.CorpID)
		assert.Empty(t, msg.MsgType)

		requireAccepted(t)(customer.Push(t.Context(), &event.CreateUser{UserID: "lisi"}))
		msg = templateApp.last()
		assert.Equal(t, "change_contact", msg.Event)
		assert.Equal(t, "event", msg.MsgType)
		assert.Equal(t, "sys", msg.FromUserName)
		assert.Equal(t, customer.ID(), msg.ReceiveID)
		assert.Equal(t, customer.ID(), msg.ToUserName)
		assert.Empty(t, msg.InfoType+msg.SuiteID)

		requireAccepted(t)(customer.Push(t.Context(), &event.ChangeAuth{}))
		msg = templateApp.last()
		assert.Equal(t, "change_auth", msg.InfoType)
		assert.Equal(t, template.Config().SuiteID, msg.ReceiveID, "of the authorisation, so it comes to the template")

		requireAccepted(t)(corp.Say(t.Context(), "wangwu", "hello"))
		msg = app.last()
		assert.Equal(t, "message.text", msg.Name())
		assert.Equal(t, corp.ID(), msg.ReceiveID, "the data URL")
		assert.Equal(t, "wangwu", msg.FromUserName)
		assert.Equal(t, "hello", msg.Get("Content"))
	})
}

// The outer envelope is WeCom's: the suite and no AgentID on the command URL,
// the corp and its app on the data URL.
func TestCorp_Envelope(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		seen := &recorder{}
		suite.DeliverTo(seen)
		corp := install(t, suite)
		requireAccepted(t)(corp.Say(t.Context(), "lisi", "hello"))
		requests := seen.all()
		require.Len(t, requests, 2)
		assert.Contains(t, requests[0].body, "<ToUserName><![CDATA["+suite.Config().SuiteID+"]]></ToUserName><AgentID><![CDATA[]]></AgentID>")
		assert.Regexp(t, `<ToUserName><!\[CDATA\[`+corp.ID()+`\]\]></ToUserName><AgentID><!\[CDATA\[10\d+\]\]></AgentID>`, requests[1].body)
	})
}

// What is not so cannot be pushed.
func TestCorp_Refuses(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		suite, template := wecom.NewSuite(), wecom.NewTemplate()
		app := newApp(t, suite)
		stranger := suite.Corp("wpstranger00000001")
		for name, do := range map[string]func() (openworktest.Answer, error){
			"an event of a corp that has not installed": func() (openworktest.Answer, error) { return stranger.Push(t.Context(), &event.CreateUser{}) },
			"its words":     func() (openworktest.Answer, error) { return stranger.Say(t.Context(), "lisi", "hello") },
			"its change":    func() (openworktest.Answer, error) { return stranger.Change(t.Context()) },
			"its uninstall": func() (openworktest.Answer, error) { return stranger.Uninstall(t.Context()) },
			"a reset of it": func() (openworktest.Answer, error) {
				return template.Corp("wpstranger00000002").ResetPermanentCode(t.Context())
			},
			"a system event": func() (openworktest.Answer, error) { return stranger.Push(t.Context(), &event.LicensePaySuccess{}) },
			"a reset of a third-party app": func() (openworktest.Answer, error) {
				return install(t, suite).ResetPermanentCode(t.Context())
			},
			"a check of a third-party corp's URL": func() (openworktest.Answer, error) { return stranger.CheckURL(t.Context()) },
		} {
			_, err := do()
			assert.Error(t, err, name)
		}
		assert.Panics(t, func() { stranger.OwnURL() })

		// Whatever is in the past may come late, though.
		requireAccepted(t)(stranger.Push(t.Context(), &event.CancelAuth{}))
		requireAccepted(t)(stranger.PushXML(t.Context(), "<xml><ToUserName>"+stranger.ID()+"</ToUserName><MsgType>event</MsgType><Event>x</Event></xml>"))
		assert.Equal(t, "x", app.last().Name())
	})
}

// The life of an authorisation: what works when.
func TestCorp_Life(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := install(t, suite)
		client := app.client.Corp(corp.ID())
		_, err := client.CallbackIPs(t.Context())
		require.NoError(t, err)
		first := corp.PermanentCode()

		requireAccepted(t)(corp.Change(t.Context(), func(a *openwork.Authorization) {
			a.AuthInfo.Agents[0].Privilege.AllowUser = []string{"wangwu"}
		}))
		assert.Equal(t, "change_auth", app.last().Name())
		info, err := app.client.AuthInfo(t.Context(), corp.ID())
		require.NoError(t, err)
		assert.Equal(t, []string{"wangwu"}, info.AuthInfo.Agents[0].Privilege.AllowUser)

		requireAccepted(t)(corp.Uninstall(t.Context()))
		assert.Equal(t, "cancel_auth", app.last().Name())
		assert.Equal(t, corp.ID(), app.last().CorpID)
		assert.Empty(t, corp.PermanentCode())
		_, err = client.CallbackIPs(t.Context())
		require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked, "revoked is revoked")
		_, err = app.client.AuthInfo(t.Context(), corp.ID())
		require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
		_, err = corp.Push(t.Context(), &event.CreateUser{})
		require.Error(t, err)

		time.Sleep(time.Minute)
		requireAccepted(t)(corp.Install(t.Context()))
		assert.NotEmpty(t, corp.PermanentCode())
		assert.NotEqual(t, first, corp.PermanentCode())
		require.NoError(t, app.client.Forget(t.Context(), corp.ID()))
		_, err = client.CallbackIPs(t.Context())
		require.NoError(t, err)

		authCode, err := corp.Authorize(t.Context())
		require.NoError(t, err)
		requireAccepted(t)(corp.Uninstall(t.Context()))
		_, err = app.client.PermanentCode(t.Context(), authCode)
		requireCode(t, 40078, err)
	})
}

// The secret of a customized app: the old one is good until the new one is
// bought, then it is not.
func TestCorp_ResetPermanentCode(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		template := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewTemplate()
		app := newApp(t, template.Suite)
		corp := install(t, template.Suite)
		old := corp.PermanentCode()
		token := func(code string) error {
			source, err := openwork.NewCorpAccessToken(openwork.CorpAccessTokenConfig{CorpID: corp.ID(), PermanentCode: code,
				HTTPClient: app.clientConfig.HTTPClient})
			require.NoError(t, err)
			_, err = source.Token(t.Context())
			return err
		}
		require.NoError(t, token(old))

		var authCode string
		server, err := openwork.NewServer(template.Config())
		require.NoError(t, err)
		server.HandleResetPermanentCode(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			authCode = msg.Get("AuthCode")
			return next(msg)
		})
		template.DeliverTo(server)
		requireAccepted(t)(corp.ResetPermanentCode(t.Context()))
		require.NoError(t, token(old))
		held, err := app.client.Corp(corp.ID()).Token(t.Context())
		require.NoError(t, err)

		authorization, err := app.client.PermanentCode(t.Context(), authCode)
		require.NoError(t, err)
		require.NotEqual(t, old, authorization.PermanentCode)
		requireCode(t, 40001, token(old))
		require.NoError(t, token(authorization.PermanentCode))
		require.Equal(t, 40014, errcode(t, app, "/cgi-bin/getcallbackip?access_token="+held), "what the old one bought")
	})
}

// A state goes all the way.
func TestCorp_State(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		suite := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewSuite()
		app := newApp(t, suite)
		corp := suite.Corp("wpacme000000000001")
		corp.SetState("shop7")
		requireAccepted(t)(corp.Install(t.Context()))
		assert.Equal(t, "shop7", app.last().Get("State"))
		authCode, err := corp.Authorize(t.Context())
		require.NoError(t, err)
		authorization, err := app.client.PermanentCode(t.Context(), authCode)
		require.NoError(t, err)
		assert.Equal(t, "shop7", authorization.State)
	})
}

// A customized app with a URL of its own: its pushes go there, those of the
// authorisation to the template.
func TestCorp_OwnURL(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		template := openworktest.NewPlatform(openworktest.PlatformConfig{}).NewTemplate()
		app := newApp(t, template.Suite)
		corp, other := install(t, template.Suite), install(t, template.Suite)
		requireAccepted(t)(corp.CheckURL(t.Context())) // prefilled with the template's

		own := corp.OwnURL()
		assert.Same(t, own, corp.OwnURL())
		config := own.Config()
		assert.Empty(t, config.SuiteID)
		assert.Equal(t, corp.ID(), config.Name)
		assert.Equal(t, template.Config().ProviderCorpID, config.ProviderCorpID)
		assert.NotEqual(t, template.Config().Token, config.Token)
		assert.NotEqual(t, template.Config().EncodingAESKey, config.EncodingAESKey)
		_, err := corp.Say(t.Context(), "lisi", "hello")
		require.ErrorIs(t, err, openworktest.ErrNoURL)

		server, err := openwork.NewServer(config)
		require.NoError(t, err)
		var got []string
		server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			got = append(got, msg.App+" "+msg.Name())
			return next(msg)
		})
		own.DeliverTo(server)
		requireAccepted(t)(corp.CheckURL(t.Context()))
		requireAccepted(t)(corp.Say(t.Context(), "lisi", "hello"))
		requireAccepted(t)(corp.Push(t.Context(), &event.DeleteUser{UserID: "lisi"}))
		requireAccepted(t)(corp.Change(t.Context()))
		requireAccepted(t)(other.Say(t.Context(), "lisi", "hello"))
		assert.Equal(t, []string{corp.ID() + " message.text", corp.ID() + " change_contact.delete_user"}, got)
		assert.Equal(t, []string{"suite_ticket", "create_auth", "create_auth", "change_auth", "message.text"}, app.names())
	})
}

// One customer of two apps: one id, and authorisations of their own.
func TestCorp_OfTwoApps(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		wecom := openworktest.NewPlatform(openworktest.PlatformConfig{})
		first, second := wecom.NewSuite(), wecom.NewSuite()
		apps := []*app{newApp(t, first), newApp(t, second)}
		corps := []*openworktest.Corp{first.Corp("wpacme000000000001"), second.Corp("wpacme000000000001")}
		for i, corp := range corps {
			requireAccepted(t)(corp.Install(t.Context()))
			_, err := apps[i].client.Corp("wpacme000000000001").CallbackIPs(t.Context())
			require.NoError(t, err)
		}
		assert.NotEqual(t, corps[0].PermanentCode(), corps[1].PermanentCode())
		requireAccepted(t)(corps[0].Uninstall(t.Context()))
		_, err := apps[0].client.Corp("wpacme000000000001").CallbackIPs(t.Context())
		require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
		_, err = apps[1].client.Corp("wpacme000000000001").CallbackIPs(t.Context())
		require.NoError(t, err)
	})
}
