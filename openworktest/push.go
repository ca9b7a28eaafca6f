package openworktest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	cryptorand "crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork"
)

// Push is one request of WeCom's in parts: a push, or the check of a URL. Set
// Token, EncodingAESKey, Plaintext and ReceiveID; all else is computed where it
// is empty, as WeCom does. To test how a receiver takes something broken, set
// that part.
//
// It is made without package openwork, so what it proves of a Server does not
// rest on the Server's own code. See document/path/91144.
type Push struct {
	Method string // POST, a push; or GET, the check of a URL. "": POST

	Token          string // the callback Token
	EncodingAESKey string // 43 characters
	Plaintext      string // the message, or the echo of a URL check
	ReceiveID      string // whom it is made for: a suite id or corpid

	Random    string // the 16 bytes in front of the plaintext
	Frame     []byte // what is encrypted: Random, length, Plaintext, ReceiveID and padding
	Encrypt   string // Frame, encrypted, in base64
	Timestamp string // unix seconds; "": now
	Nonce     string // ten digits
	Signature string // of Token, Timestamp, Nonce and Encrypt

	ToUserName string // of the envelope, which is not signed; "": ReceiveID
	AgentID    string // likewise

	Path     string      // of the URL, with or without a query; "": /
	RawQuery string      // the whole query
	Body     string      // the whole body of a push
	Header   http.Header // of the request; nil: none
}

// NewRequest is one signed and encrypted push, as a server receives it: for
// those who want no Platform. Token and EncodingAESKey are those of config, the
// timestamp is now. It panics without a Token, or for a key of another shape.
// To change a part of it, use Push.
func NewRequest[Text ~string | ~[]byte](config openwork.Config, plaintext Text, receiveID string) *http.Request {
	return Push{Token: config.Token, EncodingAESKey: config.EncodingAESKey,
		Plaintext: string(plaintext), ReceiveID: receiveID}.Request()
}

// Request is the push as a server receives it. It panics without a Token, or
// for an EncodingAESKey of another shape, if one is needed.
func (p Push) Request() *http.Request {
	p = p.Complete()
	r := httptest.NewRequest(p.Method, "/", strings.NewReader(p.Body))
	path, query, _ := strings.Cut(p.Path, "?")
	r.URL.Path, r.URL.RawQuery = path, joinQuery(query, p.RawQuery)
	r.RequestURI = r.URL.RequestURI()
	for name, values := range p.Header {
		r.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	return r
}

func joinQuery(first, second string) string {
	if first == "" || second == "" {
		return first + second
	}
	return first + "&" + second
}

// Complete is the push with all parts filled in. It panics as Request does.
func (p Push) Complete() Push {
	orElse(&p.Method, func() string { return http.MethodPost })
	orElse(&p.Path, func() string { return "/" })
	orElse(&p.ToUserName, func() string { return p.ReceiveID })
	orElse(&p.Timestamp, func() string { return strconv.FormatInt(time.Now().Unix(), 10) })
	orElse(&p.Nonce, randomDigits)
	if p.Frame == nil && p.Encrypt == "" {
		orElse(&p.Random, func() string { return cryptorand.Text()[:prefixLen] })
		p.Frame = frame(p.Random, p.Plaintext, p.ReceiveID)
	}
	orElse(&p.Encrypt, func() string { return encrypt(p.EncodingAESKey, p.Frame) })
	orElse(&p.Signature, func() string { return sign(p.Token, p.Timestamp, p.Nonce, p.Encrypt) })
	orElse(&p.RawQuery, func() string {
		query := url.Values{"msg_signature": {p.Signature}, "timestamp": {p.Timestamp}, "nonce": {p.Nonce}}
		if p.Method == http.MethodGet {
			query.Set("echostr", p.Encrypt)
		}
		return query.Encode()
	})
	if p.Method != http.MethodGet {
		orElse(&p.Body, func() string {
			return "<xml><ToUserName><![CDATA[" + p.ToUserName + "]]></ToUserName><AgentID><![CDATA[" + p.AgentID +
				"]]></AgentID><Encrypt><![CDATA[" + p.Encrypt + "]]></Encrypt></xml>"
		})
	}
	return p
}

func orElse(part *string, compute func() string) {
	if *part == "" {
		*part = compute()
	}
}

func randomDigits() string {
	n, err := cryptorand.Int(cryptorand.Reader, big.NewInt(9_000_000_000))
	if err != nil {
		panic(err)
	}
	return strconv.FormatInt(1_000_000_000+n.Int64(), 10)
}

const (
	prefixLen = 16
	padBlock  = 32
)

// frame is what is encrypted: 16 random bytes, the length, the text, the
// receive id, and 1 to 32 bytes of padding, each of which is their number.
func frame(random, plaintext, receiveID string) []byte {
	b := append(make([]byte, 0, 2*padBlock+len(plaintext)+len(receiveID)), random...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(plaintext)))
	b = append(b, plaintext...)
	b = append(b, receiveID...)
	pad := padBlock - len(b)%padBlock
	return append(b, bytes.Repeat([]byte{byte(pad)}, pad)...)
}

// encrypt does not mind a frame of a wrong length, as long as it is whole
// blocks of AES; else it panics.
func encrypt(encodingAESKey string, frame []byte) string {
	block, iv := keyOf(encodingAESKey)
	out := make([]byte, len(frame))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, frame)
	return base64.StdEncoding.EncodeToString(out)
}

// decrypt is the way back, for replies; ok is false for what WeCom could not
// read.
func decrypt(encodingAESKey, ciphertext string) (plaintext, receiveID string, ok bool) {
	block, iv := keyOf(encodingAESKey)
	b, err := base64.StdEncoding.Strict().DecodeString(ciphertext)
	if err != nil || len(b) == 0 || len(b)%padBlock != 0 {
		return "", "", false
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
	pad := int(b[len(b)-1])
	if pad < 1 || pad > padBlock || !bytes.Equal(b[len(b)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return "", "", false
	}
	b = b[:len(b)-pad]
	if len(b) < prefixLen+4 {
		return "", "", false
	}
	length, rest := binary.BigEndian.Uint32(b[prefixLen:]), b[prefixLen+4:]
	if uint64(length) > uint64(len(rest)) {
		return "", "", false
	}
	return string(rest[:length]), string(rest[length:]), true
}

// keyOf is the cipher and the IV. The 43 characters hold two bits too many,
// which may be anything.
func keyOf(encodingAESKey string) (cipher.Block, []byte) {
	key, err := base64.RawStdEncoding.DecodeString(encodingAESKey)
	if err != nil || len(key) != 32 {
		panic("openworktest: EncodingAESKey is not 43 letters and digits")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return block, key[:aes.BlockSize]
}

func sign(token, timestamp, nonce, ciphertext string) string {
	if token == "" {
		panic("openworktest: Token is empty")
	}
	parts := []string{token, timestamp, nonce, ciphertext}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}
