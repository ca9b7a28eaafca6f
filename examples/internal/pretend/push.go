// Package pretend is WeCom's part in the examples: it makes pushes as WeCom makes them.
package pretend

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
)

// Document is a message of WeCom's: flat XML with the values in CDATA.
func Document(pairs ...string) string {
	var b strings.Builder
	b.WriteString("<xml>")
	for i := 0; i+1 < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%s>", pairs[i], pairs[i+1], pairs[i])
	}
	return b.String() + "</xml>"
}

// Request is what WeCom sends.
type Request struct{ Method, Query, Body string }

// Push seals and signs a message for a receive id.
func Push(crypto *openwork.Crypto, message, receiveID string, at time.Time) (Request, error) {
	ciphertext, query, err := seal(crypto, message, receiveID, at)
	return Request{
		Method: http.MethodPost,
		Query:  query,
		Body:   "<xml><ToUserName><![CDATA[" + receiveID + "]]></ToUserName><Encrypt><![CDATA[" + ciphertext + "]]></Encrypt></xml>",
	}, err
}

// URLCheck is what the console sends when a URL is saved: the answer must be the echo.
func URLCheck(crypto *openwork.Crypto, echo, receiveID string, at time.Time) (Request, error) {
	ciphertext, query, err := seal(crypto, echo, receiveID, at)
	return Request{Method: http.MethodGet, Query: query + "&echostr=" + url.QueryEscape(ciphertext)}, err
}

func seal(crypto *openwork.Crypto, message, receiveID string, at time.Time) (ciphertext, query string, err error) {
	if ciphertext, err = crypto.Seal([]byte(message), receiveID); err != nil {
		return "", "", err
	}
	timestamp, nonce := strconv.FormatInt(at.Unix(), 10), "1372623149"
	return ciphertext, url.Values{
		"msg_signature": {crypto.Sign(timestamp, nonce, ciphertext)},
		"timestamp":     {timestamp},
		"nonce":         {nonce},
	}.Encode(), nil
}
