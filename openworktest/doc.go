// Package openworktest is a pretend WeCom, to test what is built on openwork:
// the provider console, the customers, the pushes and the API. A whole test:
//
//	func TestInstall(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			ctx := t.Context()
//			wecom := openworktest.NewPlatform(openworktest.PlatformConfig{Seed: 1})
//			suite := wecom.NewSuite()
//			server, err := openwork.NewServer(suite.Config())
//			require.NoError(t, err)
//			codes := NewCodes() // your database
//			client, err := openwork.NewClient(suite.ClientConfig(server.Tickets(), codes.Get))
//			require.NoError(t, err)
//			register(server, client, codes) // your handlers
//			suite.DeliverTo(server)
//
//			suite.SendTicket(ctx)
//			corp, answer, err := suite.Install(ctx)
//			require.NoError(t, err)
//			require.Equal(t, openworktest.Accepted, answer.Verdict)
//
//			answer, err = corp.Push(ctx, &event.CreateUser{UserID: "zhangsan"})
//			answer, err = corp.Say(ctx, "zhangsan", "hello")
//			require.Equal(t, "hello, zhangsan", answer.Reply.Content)
//
//			corp.Uninstall(ctx)
//			_, err = client.Corp(corp.ID()).CallbackIPs(ctx)
//			require.ErrorIs(t, err, openwork.ErrAuthorizationRevoked)
//		})
//	}
//
// # Apps
//
// [Platform.NewSuite] makes a third-party app, [Platform.NewTemplate] a
// template of customized apps, [Platform.NewProvider] the provider's system
// event URL. Their Config is for openwork.NewServer, their ClientConfig for
// openwork.NewClient. DeliverTo says which handler gets the pushes; to deliver
// over HTTP, use DeliverToURL.
//
// # Customers
//
// [Suite.Install] and [Suite.Authorize] bring a [Corp]. It pushes events and
// messages, changes and resets what it has granted, and leaves. Events come in
// the form that this kind of app gets; one that it does not get is an error.
//
// A push returns when WeCom is done with it: an [Answer] says what came back,
// after how many attempts, and what WeCom makes of it. It waits 5 seconds and
// tries three times; authorisation events, which it does not repeat, have 1
// second. [PlatformConfig] can delay, duplicate, reorder and encrypt anew.
//
// # The API
//
// A Platform is an http.Handler with the endpoints of an authorisation's life.
// They do as WeCom does: codes work once and for their time, the newest
// suite_ticket counts, a token stays the same while it lives and is expired
// afterwards, what is revoked is revoked, limits are 45009. Everything else the
// app calls is added with [Platform.Handle]. [Platform.Inject] makes things go
// wrong; [Platform.Calls] and [Platform.Log] tell what was called.
//
// # Time
//
// Nothing here has a clock or a socket of its own: in a bubble of
// testing/synctest, ten minutes between two tickets take no time. Handlers run
// in goroutines of their own, as under net/http. A bubble wants all goroutines
// to end: if a handler goes on after the answer, let it come to its end, with
// time.Sleep, before the test returns.
//
// # Without a platform
//
// [NewMessage] is an event as a handler gets it. [NewRequest] is one signed and
// encrypted push, and [Push] the same in parts that can be broken. [OpenReply]
// reads a passive reply. [NewInlineQueue] handles what a Server enqueues before
// the push is answered. [Samples] are pushes of every event there is.
//
// Packages openworktest/cachetest and openworktest/queuetest check
// implementations of openwork's Cache, Claimer, TicketStore and Queue.
package openworktest
