package openwork

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Crypto signs, verifies, encrypts and decrypts as WeCom does (WXBizMsgCrypt): SHA-1 over the Token and the request's
// parameters, AES-256-CBC with a key and IV from the EncodingAESKey. A Server has one; use it directly for channels a
// Server does not serve.
//
// Token is as secret as the key: who knows it can sign whatever they like, and CBC does not notice a changed
// ciphertext. A Crypto is safe for concurrent use. See document/path/91144.
type Crypto struct {
	token   string
	block   cipher.Block // expanded key; never changes
	iv      []byte
	random  io.Reader
	scratch sync.Pool // of *scratch
}

// scratch is the working memory of one signature or decryption, reused by later
// ones.
type scratch struct {
	buffer []byte
	cbc    resettable
}

// resettable is what cipher.NewCBCDecrypter returns: one that can begin anew.
type resettable interface {
	cipher.BlockMode
	SetIV(iv []byte)
}

// digest is a signature in binary: one that came may be written in two cases.
type digest [sha1.Size]byte

// Sizes of the scheme.
const (
	keyChars  = 43 // of an EncodingAESKey
	padBlock  = 32 // the plaintext is padded to a multiple of this, twice the cipher's block
	prefixLen = 16 // random bytes before the length
	headLen   = prefixLen + 4
)

// mostReused is the largest memory that is kept for the next push, rather than that of the largest one.
const mostReused = 64 << 10

// Format shows nothing: the Token is a secret.
func (c *Crypto) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "openwork.Crypto{…}") }

// NewCrypto makes a Crypto from the callback Token and the EncodingAESKey, 43
// letters and digits, of one callback URL in the console. It refuses an empty
// Token, one with a blank or a line end in it, and a key of another shape; the
// error shows neither.
func NewCrypto(token, encodingAESKey string) (*Crypto, error) {
	if token == "" {
		return nil, errors.New("openwork: Token is empty")
	}
	if i := strings.IndexFunc(token, func(c rune) bool { return c <= ' ' || c >= 0x7F }); i >= 0 {
		return nil, fmt.Errorf("openwork: Token has a blank, a line end or another character that no Token has, at byte %d: copy it again", i+1)
	}
	key, err := decodeKey(encodingAESKey)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("openwork: EncodingAESKey: %w", err)
	}
	c := &Crypto{token: token, block: block, iv: key[:aes.BlockSize], random: rand.Reader}
	c.scratch.New = func() any {
		return &scratch{cbc: cipher.NewCBCDecrypter(c.block, c.iv).(resettable)}
	}
	return c, nil
}

// decodeKey turns the 43 characters into 32 bytes. The last character carries two bits too many, which WeCom fills at
// random, so a decoder that insists on zeros there would refuse three keys of four.
func decodeKey(encodingAESKey string) ([]byte, error) {
	for i, c := range encodingAESKey {
		if c >= 0x80 || !isAlphanumeric(byte(c)) {
			return nil, fmt.Errorf("openwork: EncodingAESKey has %s at byte %d: it is %d letters and digits", kindOf(c), i+1, keyChars)
		}
	}
	if len(encodingAESKey) != keyChars {
		return nil, fmt.Errorf("openwork: EncodingAESKey has %d characters, not %d", len(encodingAESKey), keyChars)
	}
	return base64.RawStdEncoding.DecodeString(encodingAESKey)
}

// kindOf names a character that does not belong into a key.
func kindOf(c rune) string {
	switch c {
	case '=':
		return "a ="
	case ' ', '\t':
		return "a blank"
	case '\r', '\n':
		return "a line end"
	case '"', '\'':
		return "a quotation mark"
	case '\uFEFF':
		return "a byte order mark"
	}
	return "a character that is neither letter nor digit"
}

// Sign is the signature of a push or reply: 40 lower-case hexadecimal digits of the SHA-1 over Token, timestamp, nonce
// and ciphertext, sorted byte by byte and joined. The order of the three arguments does not matter therefore, but their
// boundaries are not signed: accept only timestamps, nonces and ciphertexts whose shape you checked, as Open does.
func (c *Crypto) Sign(timestamp, nonce, ciphertext string) string {
	digest := c.digest(timestamp, nonce, ciphertext)
	return hex.EncodeToString(digest[:])
}

// digest is the signature in binary.
func (c *Crypto) digest(timestamp, nonce, ciphertext string) digest {
	parts := [4]string{c.token, timestamp, nonce, ciphertext}
	for i := 1; i < len(parts); i++ {
		for j := i; j > 0 && parts[j] < parts[j-1]; j-- {
			parts[j], parts[j-1] = parts[j-1], parts[j]
		}
	}
	s := c.scratch.Get().(*scratch)
	s.buffer = s.buffer[:0]
	for _, part := range parts {
		s.buffer = append(s.buffer, part...)
	}
	sum := sha1.Sum(s.buffer)
	if cap(s.buffer) <= mostReused {
		c.scratch.Put(s)
	}
	return sum
}

// Open verifies the signature, in constant time, and then decrypts; nothing decrypts what was not signed with the Token.
// The caller must compare the receive id with the one it expects. The results are the caller's own.
//
// It returns ErrMalformed if an argument has a shape that WeCom does not send (signature: 40 hexadecimal digits;
// timestamp: 1–11 digits; nonce: 1–32 letters, digits, - and _; ciphertext: strict standard base64 of a non-zero
// multiple of 32 bytes), ErrSignature if it was signed with another Token, ErrDecrypt if it was encrypted with another
// key.
func (c *Crypto) Open(signature, timestamp, nonce, ciphertext string) (plaintext, receiveID []byte, err error) {
	var given digest
	if !parseSignature(&given, signature) || !isTimestamp(timestamp) || !isNonce(nonce) {
		return nil, nil, fmt.Errorf("openwork: signature, timestamp or nonce: %w", ErrMalformed)
	}
	frame, ok := decodeCiphertext(nil, ciphertext)
	if !ok {
		return nil, nil, fmt.Errorf("openwork: ciphertext: %w", ErrMalformed)
	}
	if !c.verify(&given, timestamp, nonce, ciphertext) {
		return nil, nil, fmt.Errorf("openwork: %w", ErrSignature)
	}
	plaintext, receiveID, ok = c.decrypt(frame)
	if !ok {
		return nil, nil, fmt.Errorf("openwork: %w", ErrDecrypt)
	}
	return plaintext, receiveID, nil
}

func (c *Crypto) verify(given *digest, timestamp, nonce, ciphertext string) bool {
	digest := c.digest(timestamp, nonce, ciphertext)
	return subtle.ConstantTimeCompare(digest[:], given[:]) == 1
}

// decrypt decrypts in place. Every byte of the padding is looked at, and the length must leave room for itself.
func (c *Crypto) decrypt(frame []byte) (plaintext, receiveID []byte, ok bool) {
	s := c.scratch.Get().(*scratch)
	s.cbc.SetIV(c.iv)
	s.cbc.CryptBlocks(frame, frame)
	c.scratch.Put(s)
	pad := int(frame[len(frame)-1])
	if pad < 1 || pad > padBlock {
		return nil, nil, false
	}
	good := 1
	for _, b := range frame[len(frame)-pad:] {
		good &= subtle.ConstantTimeByteEq(b, byte(pad))
	}
	body := frame[:len(frame)-pad]
	if good != 1 || len(body) < headLen {
		return nil, nil, false
	}
	length := binary.BigEndian.Uint32(body[prefixLen:])
	body = body[headLen:]
	if uint64(length) > uint64(len(body)) {
		return nil, nil, false
	}
	return body[:length:length], body[length:], true
}

// Seal encrypts a plaintext for a receive id, as Open decrypts it. It fails only for a plaintext of more than 2 GiB, or if
// the system gives no random bytes.
func (c *Crypto) Seal(plaintext []byte, receiveID string) (ciphertext string, err error) {
	if uint64(len(plaintext)) > 1<<31 {
		return "", errors.New("openwork: plaintext too long to seal")
	}
	length := headLen + len(plaintext) + len(receiveID)
	pad := padBlock - length%padBlock
	frame := make([]byte, length+pad)
	if _, err := io.ReadFull(c.random, frame[:prefixLen]); err != nil {
		return "", fmt.Errorf("openwork: random bytes: %w", err)
	}
	binary.BigEndian.PutUint32(frame[prefixLen:], uint32(len(plaintext)))
	copy(frame[headLen:], plaintext)
	copy(frame[headLen+len(plaintext):], receiveID)
	for i := length; i < len(frame); i++ {
		frame[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(frame, frame)
	return base64.StdEncoding.EncodeToString(frame), nil
}

// decodeCiphertext takes strict standard base64 of a non-zero multiple of 32 bytes, and nothing else. The result is in
// buffer, if that has room.
func decodeCiphertext(buffer []byte, ciphertext string) (frame []byte, ok bool) {
	if ciphertext == "" || len(ciphertext)%4 != 0 {
		return buffer, false
	}
	frame = withRoom(buffer, base64.StdEncoding.DecodedLen(len(ciphertext)))
	n, err := strictBase64.Decode(frame[:cap(frame)], []byte(ciphertext))
	// The decoder skips line ends; then there are fewer bytes than the text's length stands for.
	if err != nil || base64.StdEncoding.EncodedLen(n) != len(ciphertext) {
		return frame, false
	}
	return frame[:n], n > 0 && n%padBlock == 0
}

// withRoom is the buffer emptied, or a new one if it does not hold n bytes.
func withRoom(buffer []byte, n int) []byte {
	if cap(buffer) < n {
		return make([]byte, 0, n)
	}
	return buffer[:0]
}

var strictBase64 = base64.StdEncoding.Strict()

func parseSignature(to *digest, signature string) bool {
	if len(signature) != hex.EncodedLen(sha1.Size) {
		return false
	}
	_, err := hex.Decode(to[:], []byte(signature))
	return err == nil
}

func isTimestamp(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 11
}

func isNonce(s string) bool { return len(s) <= 32 && isName(s) }

// isName: one or more letters, digits, - and _.
func isName(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && s[i] != '-' && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
