package openwork_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// everyKind is the ways to send a ciphertext.
var everyKind = []envelopeKind{xmlPush, jsonPush, urlCheck}

// framed is a frame of a text and a receive id, padded.
func framed(text, receiveID string) []byte { return refPad(fixedFrame([]byte(text), receiveID)) }

// garbage is what a block becomes that has lost the one in front of it: no
// UTF-8, and no characters of XML.
const garbage = "\x93\xfe\x02 \xc3\x28\x1f\x8e\xb1\x00"

// What cannot be read is answered as one thing, whatever the outsider made of
// padding, length and receive id, unless the receive id is exactly one of
// ours. Nor do the user's code and the operator see a difference.
func TestO1_OneAnswerForWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	length := func(n uint32) []byte {
		frame := fixedFrame([]byte(garbage), testSuiteID)
		binary.BigEndian.PutUint32(frame[16:], n)
		return refPad(frame)
	}
	padding := func(last ...byte) []byte {
		frame := framed(garbage, testSuiteID)
		return append(frame[:len(frame)-len(last)], last...)
	}
	unreadable := map[string][]byte{
		"padding 0":             padding(0),
		"padding 33":            padding(33),
		"padding 255":           padding(255),
		"padding not uniform":   padding(3, 2, 3),
		"nothing but padding":   bytes.Repeat([]byte{32}, 32),
		"length 0":              length(0),
		"length one less":       length(uint32(len(garbage)) - 1),
		"length one more":       length(uint32(len(garbage)) + 1),
		"length to the end":     length(uint32(len(garbage) + len(testSuiteID))),
		"length beyond the end": length(uint32(len(garbage)+len(testSuiteID)) + 1),
		"length 0x7FFFFFFF":     length(0x7FFFFFFF),
		"length 0xFFFFFFFF":     length(0xFFFFFFFF),
	}
	for _, id := range []string{
		"", "a", "w", "7", strings.Repeat("a", 15), strings.Repeat("a", 16), strings.Repeat("a", 17),
		strings.Repeat("a", 64), strings.Repeat("a", 65), "wp" + strings.Repeat("0", 30), testCorp, strangerCorp, otherSuite,
		testSuiteID[:17], testSuiteID[1:], testSuiteID + "x", strings.ToUpper(testSuiteID), testSuiteID + "\x00",
		testProvider[:17], testProvider + "0", "\x00" + testProvider, "W" + testProvider[1:], garbage,
	} {
		unreadable[fmt.Sprintf("made for %q", id)] = framed(garbage, id)
		unreadable[fmt.Sprintf("made for %q, which stands in the garbage", id)] = framed(garbage+" "+id+" <"+id+">"+garbage, id)
		unreadable[fmt.Sprintf("a document that is not closed, made for %q", id)] =
			framed("<xml><ToUserName><![CDATA["+id+"]]></ToUserName><a>", id)
		unreadable[fmt.Sprintf("JSON that is not closed, made for %q", id)] = framed(`{"ToUserName":"`+id+`"`, id)
		unreadable[fmt.Sprintf("InfoType and MsgType, made for %q", id)] =
			framed(document("ToUserName", id, "AuthCorpId", id, "InfoType", "change_contact", "MsgType", "text"), id)
	}
	// These are read, and are for nobody that we know.
	readable := map[string][]byte{}
	for _, id := range []string{"a", strings.Repeat("a", 15), strings.Repeat("a", 17), strings.Repeat("a", 65), strangerCorp,
		otherSuite, testSuiteID[:17], strings.ToUpper(testSuiteID)} {
		readable[fmt.Sprintf("a message, made for %q", id)] = framed(textMessage("hello"), id)
		readable[fmt.Sprintf("an event, made for %q", id)] = framed(command("change_contact"), id)
		readable[fmt.Sprintf("a ticket, made for %q", id)] = framed(ticketXML(testSuiteID, "forged", testNow), id)
		readable[fmt.Sprintf("an empty document, made for %q", id)] = framed("<xml></xml>", id)
	}

	for _, target := range targetsToTry() {
		t.Run(target.name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range everyKind {
				for _, key := range []string{testKey, otherKey} {
					try := func(padded []byte) (outside, inside string) {
						in := &insides{}
						o := &outsider{door: target.open(t, in), kind: target.through(kind)}
						outside = o.send(refCipher(t, key, padded))
						return outside, in.take()
					}
					_, wanted := try(unreadable["padding not uniform"])
					require.Contains(t, wanted, "log: ")
					require.Contains(t, wanted, "observed: ")
					for name, padded := range unreadable {
						outside, inside := try(padded)
						require.Equal(t, answer403, outside, "%s: %s", kind.name, name)
						require.Equal(t, wanted, inside, "%s: %s", kind.name, name)
					}
					for name, padded := range readable {
						outside, _ := try(padded)
						require.Equal(t, answer403, outside, "%s: %s", kind.name, name)
					}
				}
			}
		})
	}
}

// refCipher is the ciphertext of padded bytes, as bytes.
func refCipher(t testing.TB, key string, padded []byte) []byte {
	frame, ok := decodeBase64(refEncryptRaw(key, padded))
	require.True(t, ok)
	return frame
}

// The attack itself, on one byte: a block of a captured ticket, behind a block
// that turns its last byte into the padding 1 if the guess is right. The text
// in front is his own, and names whatever the garbage may be taken for.
func TestO1_PaddingOracle(t *testing.T) {
	t.Parallel()
	for _, target := range targetsToTry() {
		t.Run(target.name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range everyKind {
				for _, attack := range paddingAttacks(t) {
					outside, inside := map[string][]byte{}, map[string][]byte{}
					for _, guess := range guesses(attack.byte) {
						in := &insides{}
						o := &outsider{door: target.open(t, in), kind: target.through(kind)}
						told := o.send(attack.ciphertext(guess))
						outside[told] = append(outside[told], guess)
						told = in.take()
						inside[told] = append(inside[told], guess)
					}
					for where, sights := range map[string]map[string][]byte{"answer": outside, "insides": inside} {
						for told, those := range sights {
							if len(sights) > 1 && bytes.Equal(those, []byte{attack.byte}) {
								assert.Failf(t, "a byte was read", "%s, %s: the %s gives %q away: %s", kind.name, attack.name, where, attack.byte, told)
							}
						}
						assert.Len(t, sights, 1, "%s, %s: the %s tells guesses apart", kind.name, attack.name, where)
					}
					if t.Failed() {
						return
					}
				}
			}
		})
	}
}

// guesses are the characters of a ticket and a few that are none.
func guesses(right byte) []byte {
	all := []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_\x00\x01<\xff")
	if !slices.Contains(all, right) {
		panic("a guess is missing")
	}
	return all
}

// paddingAttack guesses one byte of a ticket.
type paddingAttack struct {
	name       string
	byte       byte
	ciphertext func(guess byte) []byte
}

// paddingAttacks differ in how long the receive id is that a right guess
// leaves: none, a letter, too short, and 15 characters of the ticket behind
// one of noise, which is the shape of a corp's id.
func paddingAttacks(t *testing.T) (attacks []paddingAttack) {
	from := chance(1)
	secret := capture(from, ticketXML(testSuiteID, "Zq3-"+strings.Repeat("tickeT-0123_Value", 4), testNow), testSuiteID)
	block := secret.at("Zq3-") + 1
	right := secret.plain[(block+1)*blockSize-1]

	for _, mine := range []struct{ look, text string }{
		{"letters", textMessage("a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 0 1 2 3 4 5 6 7 8 9 _ -")},
		{"ids", textMessage(testSuiteID + " " + testProvider + " " + testCorp + " tickeT-0123_Val ")},
		{"JSON", `{"ToUserName":"` + testCorp + `","MsgType":"text","Content":"a T k e v 0 1 2 3 _ - ","MsgId":1,"AgentID":2}`},
		{"characters", strings.Repeat("a T k e v 0 1 2 3 _ - ", 8)},
	} {
		look, mine := mine.look, capture(from, mine.text, testCorp)
		end := mine.len() - 3
		end -= end % 2 // two more blocks follow, and the whole is of 32 bytes each
		for _, id := range []int{0, 1, 15, 16, 17} {
			if look != "letters" && (isBrief() || id != 1 && id != 16) {
				continue // one look is enough for the others
			}
			build := func(guess, flip byte) []byte {
				front := append(mine.relength((end+2)*blockSize-1-20-id), mine.blocks(2, end)...)
				front[len(front)-1] ^= flip // garbage all the same, and other noise behind it
				r := secret.blocks(block-1, block)
				r[blockSize-1] ^= guess ^ 1
				return slices.Concat(front, r, secret.blocks(block, block+1))
			}
			attack := paddingAttack{name: fmt.Sprintf("a receive id of %d behind %s", id, look), byte: right, ciphertext: func(guess byte) []byte {
				for flip := 0; ; flip++ { // he has to be lucky once in four
					made := build(guess, byte(flip))
					plain := refDecryptRaw(t, testKey, made)
					if id < 16 || isIDText(plain[len(plain)-1-16:len(plain)-16]) {
						return made
					}
				}
			}}
			// That it is an attack: the right guess leaves a right padding and that id.
			plain := refDecryptRaw(t, testKey, attack.ciphertext(right))
			require.EqualValues(t, 1, plain[len(plain)-1])
			require.EqualValues(t, len(plain)-1-20-id, binary.BigEndian.Uint32(plain[16:]))
			if id == 1 || id == 15 || id == 16 {
				require.True(t, isIDText(plain[len(plain)-1-id:len(plain)-1]))
			}
			attacks = append(attacks, attack)
		}
	}
	return attacks
}

// isIDText tells what an id may consist of.
func isIDText(text []byte) bool {
	for _, c := range text {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", rune(c)) || c >= 0x80 {
			return false
		}
	}
	return true
}

// Whatever he puts together from random blocks and captured ones, half of it
// with a right padding: one answer.
func TestO1_ChosenCiphertexts(t *testing.T) {
	t.Parallel()
	const perKind = 300
	for i, target := range targetsToTry() {
		t.Run(target.name, func(t *testing.T) {
			t.Parallel()
			from := chance(byte(100 + i))
			dice := rand.New(from)
			pool := []captured{
				capture(from, ticketXML(testSuiteID, strings.Repeat("ticket", 10), testNow), testSuiteID),
				capture(from, command("create_auth", "AuthCode", strings.Repeat("code", 16)), testSuiteID),
				capture(from, textMessage(strings.Repeat(testCorp+" ", 4)), testCorp),
				capture(from, document("ServiceCorpId", testProvider, "InfoType", "register_corp"), testProvider),
			}
			for _, kind := range everyKind {
				o := &outsider{door: target.open(t, nil), kind: target.through(kind)}
				padded := 0
				for range perKind {
					made := chosen(t, dice, from, pool)
					plain := refDecryptRaw(t, testKey, made)
					if pad := int(plain[len(plain)-1]); pad >= 1 && pad <= 32 &&
						bytes.Equal(plain[len(plain)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
						padded++
					}
					require.Equal(t, answer403, o.send(made), "%s: %x", kind.name, plain)
				}
				require.Greater(t, padded, perKind/3, "they are no attacks")
			}
		})
	}
}

// chosen is a ciphertext of 2 to 20 blocks whose last is noise.
func chosen(t *testing.T, dice *rand.Rand, from *rand.ChaCha8, pool []captured) []byte {
	n := 2 * (1 + dice.IntN(10))
	made := make([]byte, 0, n*blockSize)
	if n > 4 && dice.IntN(2) == 0 { // a length that leaves a receive id of some sort
		c := pool[dice.IntN(len(pool))]
		made = append(made, c.relength(n*blockSize-20-1-dice.IntN(70))...)
	}
	for len(made) < n*blockSize {
		if c := pool[dice.IntN(len(pool))]; dice.IntN(3) > 0 {
			i := dice.IntN(c.len())
			made = append(made, c.blocks(i, min(i+1+dice.IntN(3), c.len()))...)
		} else {
			made = append(made, randomBytes(from, blockSize)...)
		}
	}
	made = made[:n*blockSize]
	copy(made[(n-1)*blockSize:], randomBytes(from, blockSize))
	if dice.IntN(2) == 0 {
		plain := refDecryptRaw(t, testKey, made)
		pad := 1 + dice.IntN(8)
		for i := n*blockSize - pad; i < n*blockSize; i++ {
			made[i-blockSize] ^= plain[i] ^ byte(pad)
		}
	}
	return made
}

// Every flip that reaches the padding, the length or the receive id is refused
// as a wrong key is, and AllowCorp is not asked.
func TestC10_FlipsOfPaddingLengthAndReceiveID(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*push{
		"command push":     newPush(cryptoEvent),
		"data push":        newPush(textMessage("hello"), toCorp),
		"provider push":    newPush(document("ServiceCorpId", testProvider, "InfoType", "register_corp"), sealedFor(testProvider), func(p *push) { p.ReceiveID = testProvider }),
		"data push, JSON":  newPush(`{"ToUserName":"`+testCorp+`","MsgType":"text","Content":"hello","MsgId":1,"AgentID":2}`, toCorp),
		"URL check":        newURLCheck("1616140317555161061"),
		"URL check, suite": newURLCheck("1616140317555161061", func(p *push) { p.ReceiveID = testSuiteID }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			padded := framed(p.Plaintext, p.ReceiveID)
			ciphertext := refCipher(t, testKey, padded)
			in := &insides{}
			kind := xmlPush
			if p.Method == http.MethodGet {
				kind = urlCheck
			}
			o := &outsider{door: target{edits: edits{allowOnly(testCorp)}}.open(t, in), kind: kind}
			require.NotEqual(t, answer403, o.send(ciphertext), "it is good as it is")
			in.take()
			end := 20 + len(p.Plaintext)
			reached := 0
			for i := range len(ciphertext) * 8 {
				flipped := flipBit(ciphertext, i)
				plain := refDecryptRaw(t, testKey, flipped)
				if bytes.Equal(plain[16:20], padded[16:20]) && bytes.Equal(plain[end:], padded[end:]) {
					continue
				}
				reached++
				require.Equal(t, answer403, o.send(flipped), "bit %d", i)
				if said := in.take(); kind.body != nil { // an echo can be read whatever its length
					require.NotContains(t, said, "AllowCorp is asked", "bit %d", i)
				}
			}
			require.Greater(t, reached, 4*8)
		})
	}
}

// The log names what came where that helps an operator, but nothing that was
// decrypted before it is known to be ours: what looks like an id may be 15
// characters of a ticket.
func TestO1_NothingDecryptedInTheLog(t *testing.T) {
	t.Parallel()
	for _, attack := range paddingAttacks(t) {
		for _, kind := range everyKind {
			for _, target := range targetsToTry() {
				in := &insides{}
				server := target.open(t, in)
				w := target.through(kind).request(attack.ciphertext(attack.byte))
				_, err := serve(server, w)
				require.Error(t, err)
				for _, said := range []string{in.take(), err.Error()} {
					require.NotContains(t, said, "tickeT", "%s, %s, %s", target.name, kind.name, attack.name)
					require.NotContains(t, said, "0123_Value", "%s, %s, %s", target.name, kind.name, attack.name)
				}
			}
		}
	}
}

// serve is Serve of a Server or a Mux.
func serve(door http.Handler, r *http.Request) (*openwork.Response, error) {
	return door.(interface {
		Serve(r *http.Request) (*openwork.Response, error)
	}).Serve(r)
}
