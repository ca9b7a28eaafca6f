package openwork_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// What FuzzOpen makes of its data.
const (
	fuzzUnsigned   = iota // the ciphertext, with the signature of another one
	fuzzCiphertext        // the ciphertext
	fuzzBytes             // the bytes of the ciphertext, to be written in base64
	fuzzPadded            // the decrypted bytes with their padding, as far as they fill blocks
	fuzzFrame             // the decrypted bytes without padding
	fuzzModes
)

// FuzzOpen checks that Open fails in the documented ways only, that it opens what the documentation says opens and
// nothing else, and that whatever it opens has no second form: sealed again with the same random prefix it is the same
// ciphertext.
func FuzzOpen(f *testing.F) {
	valid := fixedFrame([]byte(cryptoEvent), testSuiteID)
	sealed := refEncryptRaw(testKey, refPad(valid))
	f.Add(uint8(fuzzUnsigned), "1700000000", "1372623149", []byte(sealed))
	f.Add(uint8(fuzzCiphertext), "1700000000", "1372623149", []byte(sealed))
	f.Add(uint8(fuzzCiphertext), "1700000000", "1372623149", []byte(""))
	f.Add(uint8(fuzzCiphertext), "1700000000", "1372623149", []byte(sealed[:40]+"\n"+sealed[40:]))
	f.Add(uint8(fuzzCiphertext), "1700000000", "1372623149", []byte(strings.TrimRight(refEncryptRaw(testKey, refPad(valid[:32])), "=")))
	f.Add(uint8(fuzzCiphertext), "1700000000", "1372623149", []byte(setTrailingBits(refEncryptRaw(testKey, refPad(valid[:21])))))
	f.Add(uint8(fuzzBytes), "1", "n", make([]byte, 48))
	f.Add(uint8(fuzzBytes), "1", "n", make([]byte, 64))
	f.Add(uint8(fuzzPadded), "1", "n", bytes.Repeat([]byte{32}, 32))
	f.Add(uint8(fuzzPadded), "1", "n", refPad(valid))
	f.Add(uint8(fuzzPadded), "1", "n", append(refPad(valid[:60:60])[:63], 33))
	f.Add(uint8(fuzzFrame), "1", "n", valid)
	f.Add(uint8(fuzzFrame), "1", "n", valid[:19])
	for _, length := range []uint32{0, 1, uint32(len(cryptoEvent)) + 1, 0x7FFFFFFF, 0xFFFFFFEC, 0xFFFFFFFF} {
		frame := bytes.Clone(valid)
		binary.BigEndian.PutUint32(frame[16:], length)
		f.Add(uint8(fuzzFrame), "1700000000", "1372623149", frame)
	}
	f.Add(uint8(fuzzFrame), "1", "n", fixedFrame([]byte("<xml></xml>\n"), ""))
	f.Add(uint8(fuzzFrame), "-1", "\x80%", fixedFrame([]byte("hello"), testCorp))

	f.Fuzz(func(t *testing.T, mode uint8, timestamp, nonce string, data []byte) {
		var ciphertext string
		switch mode % fuzzModes {
		case fuzzUnsigned, fuzzCiphertext:
			ciphertext = string(data)
		case fuzzBytes:
			ciphertext = base64.StdEncoding.EncodeToString(data)
		case fuzzPadded:
			ciphertext = refEncryptRaw(testKey, data[:len(data)/aes.BlockSize*aes.BlockSize])
		case fuzzFrame:
			ciphertext = refEncryptRaw(testKey, refPad(data))
		}
		signed := ciphertext
		if mode%fuzzModes == fuzzUnsigned {
			signed += "A"
		}
		c, err := openwork.NewCrypto(testToken, testKey)
		require.NoError(t, err)
		message, receiveID, err := c.Open(refSign(testToken, timestamp, nonce, signed), timestamp, nonce, ciphertext)

		want, opens := openByTheBook(ciphertext)
		if err != nil {
			kinds := 0
			for _, kind := range []error{openwork.ErrMalformed, openwork.ErrSignature, openwork.ErrDecrypt} {
				if errors.Is(err, kind) {
					kinds++
				}
			}
			require.Equal(t, 1, kinds, "of what kind is %v", err)
			require.Nil(t, message)
			require.Nil(t, receiveID)
			if opens && signed == ciphertext && shapeOfTimestamp.MatchString(timestamp) && shapeOfNonce.MatchString(nonce) {
				require.NoError(t, err, "it should have opened")
			}
			return
		}
		require.Equal(t, signed, ciphertext, "opened with the signature of something else")
		require.True(t, opens, "opened against the documentation")
		require.Equal(t, string(want.message), string(message))
		require.Equal(t, string(want.receiveID), string(receiveID))

		openwork.SetRandom(c, bytes.NewReader(want.prefix))
		again, err := c.Seal(message, string(receiveID))
		require.NoError(t, err)
		require.Equal(t, ciphertext, again, "what was opened has a second form")
	})
}

// FuzzServeHTTP checks that no request is answered 200 unless it is signed as the documentation says, that only the
// documented statuses occur and that a failure has no body.
func FuzzServeHTTP(f *testing.F) {
	add := func(p *push) {
		c := p.parts()
		f.Add(c.Method, c.RawQuery, c.Header.Get("Content-Encoding"), []byte(c.Body))
	}
	add(newPush(cryptoTicket))
	add(newPush(cryptoEvent))
	add(newPush(textMessage("hello"), toCorp))
	add(newPush(dataEvent("change_app_admin"), toCorp))
	add(newPush(`{"SuiteId":"` + testSuiteID + `","InfoType":"create_auth","TimeStamp":1700000000}`))
	add(newPush("no XML"))
	add(newPush(cryptoTicket, func(p *push) { p.Token = otherToken }))
	add(newPush(cryptoTicket, func(p *push) { p.Key = otherKey }))
	add(newPush(cryptoTicket, func(p *push) { p.ReceiveID = otherSuite }))
	add(newPush(cryptoTicket, pushedAt(testNow.Add(-11*time.Minute))))
	add(newPush(cryptoTicket, func(p *push) { p.Header = http.Header{"Content-Encoding": {"gzip"}} }))
	add(newPush(cryptoTicket, func(p *push) { p.Header = http.Header{"Content-Encoding": {"identity"}} }))
	add(newPush("", func(p *push) { p.Body = cryptoTicket }))
	add(newPush(cryptoTicket, func(p *push) { p.Method = http.MethodPut }))
	add(newPush(cryptoTicket, func(p *push) { p.Method = http.MethodHead }))
	add(newURLCheck("1616140317555161061"))
	add(newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = testSuiteID }))
	add(newURLCheck(cryptoTicket))
	signed := newPush(cryptoTicket).parts()
	for _, body := range []string{
		`{"ToUserName":"` + testSuiteID + `","Encrypt":"` + signed.Encrypt + `","AgentID":218}`,
		`{"tousername":"","encrypt":"` + signed.Encrypt + `","agentid":""}`,
		`{"Encrypt":["` + signed.Encrypt + `"]}`,
		`{"Encrypt":[],"encrypt":"` + signed.Encrypt + `"}`,
		`{"ENCRYPT":"` + signed.Encrypt + `","Encrypt":[],"AgentID":1e400,"a b":{"Encrypt":"x"}}`,
		`{"Encrypt":["` + signed.Encrypt + `",""]}`,
		`{"Encrypt":["x","` + signed.Encrypt + `"]}`,
		`{"Encrypt":["` + signed.Encrypt + `"],"encrypt":"` + signed.Encrypt + `"}`,
		`{"Encrypt":[null,"` + signed.Encrypt + `"]}`,
		`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + signed.Body,
		"\ufeff" + signed.Body,
		"<xml>\n <Encrypt> <![CDATA[" + signed.Encrypt + "]]> </Encrypt>\n</xml>\n",
		"<xml><Encrypt>" + strings.ReplaceAll(signed.Encrypt, "=", "&#61;") + "</Encrypt></xml>",
		strings.Replace(signed.Body, "</xml>", "<Encrypt>x</Encrypt></xml>", 1),
		strings.Replace(signed.Body, "<Encrypt>", "<Encrypt>x</Encrypt><Encrypt>", 1),
		signed.Body + signed.Body,
		signed.Body[:len(signed.Body)/2],
		"",
	} {
		f.Add(http.MethodPost, signed.RawQuery, "", []byte(body))
	}
	for _, query := range []string{
		signed.RawQuery + "&corpid=$CORPID$", signed.RawQuery + "&nonce=1372623149", signed.RawQuery + ";a=b",
		strings.Replace(signed.RawQuery, "nonce=", "%6eonce=", 1), strings.ReplaceAll(signed.RawQuery, "&", ";"), "",
	} {
		f.Add(http.MethodPost, query, "", []byte(signed.Body))
	}

	f.Fuzz(func(t *testing.T, method, rawQuery, contentEncoding string, body []byte) {
		server := newFixture(t, withBudget(time.Minute))
		r := httptest.NewRequest(http.MethodPost, "/wecom/callback", bytes.NewReader(body))
		r.Method = method
		r.URL.RawQuery = rawQuery
		r.RequestURI = r.URL.RequestURI()
		if contentEncoding != "" {
			r.Header["Content-Encoding"] = []string{contentEncoding}
		}
		w := server.do(r)

		require.Contains(t, []int{200, 400, 403, 405, 408, 413, 415, 500, 503}, w.Code)
		if w.Code != http.StatusOK {
			require.Empty(t, w.Body.String())
			require.Empty(t, server.handledNames(), "a handler ran")
			requireTicketError(server, openwork.ErrNoSuiteTicket)
			require.Equal(t, w.Code == http.StatusMethodNotAllowed, w.Header().Get("Allow") != "")
			return
		}
		query, err := url.ParseQuery(rawQuery)
		require.NoError(t, err)
		for _, name := range []string{"msg_signature", "timestamp", "nonce"} {
			require.Len(t, query[name], 1, name)
		}
		encrypt := ""
		if method == http.MethodGet {
			require.Len(t, query["echostr"], 1)
			encrypt = query.Get("echostr")
		} else {
			require.Equal(t, http.MethodPost, method)
			encrypt = encryptOf(t, body)
		}
		require.Equal(t, refSign(testToken, query.Get("timestamp"), query.Get("nonce"), encrypt),
			strings.ToLower(query.Get("msg_signature")))
		opened, ok := openByTheBook(encrypt)
		require.True(t, ok)
		if method == http.MethodGet {
			require.Equal(t, string(opened.message), w.Body.String())
		} else {
			require.Equal(t, "success", w.Body.String())
		}
	})
}

// encryptOf reads an envelope with the standard library. In JSON an array is a repeated element.
func encryptOf(t *testing.T, body []byte) string {
	t.Helper()
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if !bytes.HasPrefix(body, []byte("{")) {
		var envelope struct{ Encrypt []string }
		require.NoError(t, xml.Unmarshal(body, &envelope))
		require.Len(t, envelope.Encrypt, 1)
		return strings.TrimSpace(envelope.Encrypt[0])
	}
	require.True(t, json.Valid(body))
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	_, err := d.Token() // the brace
	require.NoError(t, err)
	var found []any
	for d.More() {
		name, err := d.Token()
		require.NoError(t, err)
		var value any
		require.NoError(t, d.Decode(&value))
		items, isArray := value.([]any)
		if !isArray {
			items = []any{value}
		}
		if strings.EqualFold(name.(string), "Encrypt") {
			found = append(found, items...)
		}
	}
	require.Len(t, found, 1)
	require.IsType(t, "", found[0])
	return found[0].(string)
}

// opened is what a ciphertext holds.
type opened struct{ prefix, message, receiveID []byte }

// openByTheBook opens a ciphertext for testKey as the documentation says, and as strictly as DESIGN says.
func openByTheBook(ciphertext string) (opened, bool) {
	data, err := base64.StdEncoding.Strict().DecodeString(ciphertext)
	if err != nil || strings.ContainsAny(ciphertext, "\r\n") || len(data) == 0 || len(data)%32 != 0 {
		return opened{}, false
	}
	key := refKey(testKey)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(data, data)
	n := int(data[len(data)-1])
	if n < 1 || n > 32 || !bytes.HasSuffix(data, bytes.Repeat([]byte{byte(n)}, n)) {
		return opened{}, false
	}
	data = data[:len(data)-n]
	if len(data) < 20 || uint64(binary.BigEndian.Uint32(data[16:])) > uint64(len(data)-20) {
		return opened{}, false
	}
	end := 20 + int(binary.BigEndian.Uint32(data[16:]))
	return opened{data[:16], data[20:end], data[end:]}, true
}
