package main

import (
	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/examples/internal/pretend"
)

// The pushes that Tencent publishes with its samples (document/path/91144, and Sample.py of the Python library), and
// Servers configured as they need. They are older than the third-party apps of today: the receive id is a corp's.
var officialServers = map[string]openwork.Config{
	"/official/a": {
		Token:          "QDG6eK",
		EncodingAESKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
		ProviderCorpID: "wx5823bf96d3bd56c7",
	},
	"/official/b": {
		Token:          "hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo",
		EncodingAESKey: "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt",
		ProviderCorpID: "ww1436e0e65a779aee",
	},
}

var officialPushes = []httpPush{
	{
		title: "A1, URL check",
		path:  "/official/a",
		request: pretend.Request{
			Method: "GET",
			Query: "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780" +
				"&echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D",
		},
		status: 200,
		answer: "1616140317555161061",
	},
	{
		title: "A2, text message",
		path:  "/official/a",
		request: pretend.Request{
			Method: "POST",
			Query:  "msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&timestamp=1409659813&nonce=1372623149",
			Body:   `<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName><Encrypt><![CDATA[RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==]]></Encrypt><AgentID><![CDATA[218]]></AgentID></xml>`,
		},
		status: 200,
		answer: "…",
	},
	{
		title: "B1, URL check",
		path:  "/official/b",
		request: pretend.Request{
			Method: "GET",
			Query: "msg_signature=012bc692d0a58dd4b10f8dfe5c4ac00ae211ebeb&timestamp=1476416373&nonce=47744683" +
				"&echostr=fsi1xnbH4yQh0%2BPJxcOdhhK6TDXkjMyhEPA7xB2TGz6b%2Bg7xyAbEkRxN%2F3cNXW9qdqjnoVzEtpbhnFyq6SVHyA%3D%3D",
		},
		status: 200,
		answer: "1288432023552776189",
	},
	{
		title: "B2, text message",
		path:  "/official/b",
		request: pretend.Request{
			Method: "POST",
			Query:  "msg_signature=0c3914025cb4b4d68103f6bfc8db550f79dcf48e&timestamp=1476422779&nonce=1597212914",
			Body: "<xml><ToUserName>ww1436e0e65a779aee</ToUserName><AgentID>1000002</AgentID><Encrypt>" +
				"Kl7kjoSf6DMD1zh7rtrHjFaDapSCkaOnwu3bqLc5tAybhhMl9pFeK8NslNPVdMwmBQTNoW4mY7AIjeLvEl3NyeTkAgGzBhzTtRLNshw2AEew+kkYcD+Fq72Kt00fT0WnN87hGrW8SqGc+NcT3mu87Ha3dz1pSDi6GaUA6A0sqfde0VJPQbZ9U+3JWcoD4Z5jaU0y9GSh010wsHF8KZD24YhmZH4ch4Ka7ilEbjbfvhKkNL65HHL0J6EYJIZUC2pFrdkJ7MhmEbU2qARR4iQHE7wy24qy0cRX3Mfp6iELcDNfSsPGjUQVDGxQDCWjayJOpcwocugux082f49HKYg84EpHSGXAyh+/oxwaWbvL6aSDPOYuPDGOCI8jmnKiypE+" +
				"</Encrypt></xml>",
		},
		status: 200,
		answer: "…",
	},
}
