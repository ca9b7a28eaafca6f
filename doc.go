// Package openwork receives the callbacks that WeCom (企业微信) pushes to the provider (服务商) of a third-party app, a
// customized app, or a template.
//
// Make a [Server] from the Token, the EncodingAESKey and the ids in the provider console, register a closure per event,
// and let the Server answer the callback URL: it is an [net/http.Handler], and [Server.Serve] fits into the handlers of
// any framework.
//
//	server, err := openwork.NewServer(openwork.Config{
//		SuiteID:        "ww…",
//		Token:          "…",
//		EncodingAESKey: "…",
//		ProviderCorpID: "ww…",
//	})
//	server.HandleAuthCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
//		// exchange msg.Get("AuthCode") for the corp's permanent code
//		return next(msg)
//	})
//	http.Handle("/wecom/callback", server)
//
// # What happens to a push
//
// The shape of the query and of the body is checked, then the signature, then
// the timestamp. Then the message is decrypted, its receive id looked at, and
// only then is it read. A suite_ticket is kept. Then the handlers run, in order
// of registration, each deciding whether the next one does. An event that no
// handler knows passes through and ends as a success. The answer is "success",
// or the reply of a handler, sealed. Nothing outside the signed and encrypted
// part gets into a [Message].
//
// Give http.Server a ReadHeaderTimeout and a ReadTimeout of some seconds, and a
// WriteTimeout that is longer than Config.HandlerTimeout. [Server.ServeHTTP]
// gives the body 2.5 seconds by itself where the ResponseWriter can.
//
// # Whose push it is
//
// A push is encrypted for a receive id, and which one is right depends on what is signed inside. Accepted are
//
//	URL check (GET)            ProviderCorpID, SuiteID, or a corp that AllowCorp agrees to
//	command and template URL   SuiteID; a SuiteId in the message must equal it too
//	system event URL           ProviderCorpID, for messages with ServiceCorpId
//	data and customized app    the corp in ToUserName or AuthCorpId, if AllowCorp agrees to it
//	self-built app             the corp's own id, if AllowCorp agrees to it: OnlyCorps
//	app of an individual       nothing, with AllowEmptyReceiveID only
//
// suite_ticket and the events of an authorisation are accepted for SuiteID only.
// Every corp that a message names must be the one it was made for. What a smart
// device sends for its model_id is refused.
//
// # Calling WeCom
//
// A [Client] gets and keeps the access tokens and attaches the right one to a call: [Client.Suite], [Client.Provider] and
// [Client.Corp] reach any endpoint, and [Client.PermanentCode] and its siblings those of an authorisation's life. It
// reads the suite_ticket from [Server.Tickets], or, in another process, from [TicketsIn] the same [Cache].
//
// # What goes wrong
//
// [Server.Serve] returns an error for everything that does not end in a 200. [StatusCode] and [ErrorResponse] turn it
// into an answer without a body, because WeCom shows bodies to the customer's administrator. The one who operates the
// server is told more: a [*RefusedError] names the check, what came and what was wanted, and the Logger gets one line
// with advice. The console only ever says 回调URL校验失败; the log says why.
//
// A handler's error and a panic are answered with 500. WeCom repeats a push that is not answered within 5 seconds, three
// times in all; its pages disagree on whether it also does so after a status other than 200. Delivery is not guaranteed.
//
// WeCom wants authorisation events answered within 1 second, and promises no
// repetition of those. They are answered "success" after 900 ms, and their
// handlers go on: see Config.AuthAnswerTimeout. Then:
//
//   - [Server.Shutdown] waits for them: call it before the process ends.
//   - Later pushes of the corp may run beside one: compare Message.Time.
//   - What a framework pools with the request must not be read after the answer.
//   - What must survive the process goes through a Config.Queue.
//
// # Security
//
// There is no mode without verification. The Token is as secret as the key: WeCom's encryption does not notice a
// changed ciphertext, so who knows the Token can alter a captured push. A push that is repeated within Config.Tolerance
// verifies again, as WeCom's own retries must; Config.MaxAge refuses old messages that are sent with a new timestamp.
// No secret, ticket, code or content is in an error, a log line or a cache key of this package.
//
// Numbers like document/path/90628 in the comments are pages of WeCom's documentation:
// https://developer.work.weixin.qq.com/document/path/90628.
package openwork
