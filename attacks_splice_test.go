package openwork_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

// Where a captured push is cut and joined to another, one block becomes noise:
// 16 bytes that nobody chose. Inside a value that can be read, noise does no
// harm to the rest, and the rest may say anything. So noise must not be
// readable, but for one time in very many.

// joined is a text of pieces with noise between them. The first begins the
// text and costs no noise. The last ends it, with the receive id and the
// padding of a captured push.
type joined struct {
	pieces []string
	tail   func(from *rand.ChaCha8) (c captured, first int) // the block after the noise
	extra  bool                                             // a block of pure noise at every joint, beside the one that is lost
}

// longName is a push with a piece of text that somebody in a customer's
// address book is called, at the beginning of a block, behind a block of his
// as well. It returns that block.
func longName(from *rand.ChaCha8, shift int, piece string) (c captured, first int) {
	return longText(from, testSuiteID, piece, func(text string) string {
		return command("change_contact", "ChangeType", "update_user", "UserID", "zhangsan"+strings.Repeat("n", shift), "Name", text)
	})
}

// longKey is the same in an event of the data URL.
func longKey(from *rand.ChaCha8, shift int, piece string) (c captured, first int) {
	return longText(from, testCorp, piece, func(text string) string {
		return dataEvent("click", "A", strings.Repeat("n", shift), "EventKey", text)
	})
}

func longText(from *rand.ChaCha8, receiveID, piece string, write func(text string) string) (c captured, first int) {
	const mark = "@@@@@@@@@@@@@@@@"
	at := 20 + strings.Index(write(mark), mark)
	fill := (blockSize - at%blockSize) % blockSize
	return capture(from, write(strings.Repeat("n", fill)+mark+piece), receiveID), (at + fill) / blockSize
}

// build makes the ciphertext. Pieces end where their last whole block does, so
// they are filled up first.
func (j joined) build(t *testing.T, from *rand.ChaCha8, shift int) []byte {
	t.Helper()
	first := filled(j.pieces[0], 12)
	c, at := longName(from, shift, "0123"+first) // the opening stands for the length and 12 characters
	front := c.opening(at+1, 0, first[:12])
	front = append(front, c.blocks(at+2, at+2+(len(first)-12)/blockSize)...)
	for _, piece := range j.pieces[1:] {
		piece = filled(piece, 0)
		p, at := longName(from, shift, piece)
		if j.extra {
			front = append(front, randomBytes(from, blockSize)...)
		}
		front = append(front, p.blocks(at, at+1+len(piece)/blockSize)...)
	}
	tail, at2 := j.tail(from)
	if j.extra {
		front = append(front, randomBytes(from, blockSize)...)
	}
	if (len(front)/blockSize+tail.len()-at2)%2 != 0 {
		front = append(front, randomBytes(from, blockSize)...)
	}
	end := len(front)
	made := append(front, tail.blocks(at2, tail.len())...)
	length := end - 20 + 20 + tail.text - at2*blockSize
	copy(made, c.opening(at+1, length, first[:12]))
	plain := refDecryptRaw(t, testKey, made)
	require.Equal(t, first, string(plain[20:20+len(first)]), "the first piece is as it should be")
	require.Equal(t, testSuiteID, string(plain[20+length:20+length+len(testSuiteID)]), "and so is the receive id")
	return made
}

// filled is a piece that ends with a block, if so much of it is elsewhere.
func filled(piece string, elsewhere int) string {
	return piece + strings.Repeat("n", (blockSize-(len(piece)-elsewhere)%blockSize)%blockSize)
}

// nameTail ends a text in the name of a captured push: it closes CDATA.
func nameTail(shift int) func(from *rand.ChaCha8) (captured, int) {
	return func(from *rand.ChaCha8) (captured, int) { return longName(from, shift, "tail") }
}

// codeTail ends it in the State of a captured authorisation event.
func codeTail(shift int) func(from *rand.ChaCha8) (captured, int) {
	return func(from *rand.ChaCha8) (captured, int) {
		text := command("create_auth", "AuthCode", "code"+strings.Repeat("c", shift), "State", strings.Repeat("s", 64))
		c := capture(from, text, testSuiteID)
		return c, c.at("ssss")
	}
}

// jsonTail ends it in the name of a captured push in JSON.
func jsonTail(shift int) func(from *rand.ChaCha8) (captured, int) {
	return func(from *rand.ChaCha8) (captured, int) {
		c := capture(from, jsonDocument("SuiteId", testSuiteID, "AuthCorpId", testCorp, "InfoType", "change_contact",
			"UserID", "u"+strings.Repeat("u", shift), "Name", strings.Repeat("n", 64)), testSuiteID)
		return c, c.at("nnnn")
	}
}

// A cancel_auth of another corp, and whatever else the suite gets, from pieces
// of names in the outsider's own address book. Where everything is repaired
// that cannot be read, a dozen requests are enough for this.
func TestO13_ForgedFromPieces(t *testing.T) {
	t.Parallel()
	const end = "<TimeStamp>1700000001</TimeStamp>"
	forgeries := map[string][]string{
		"cancel_auth, noise in two CDATA": {
			"<xml><InfoType>cancel_auth</InfoType>" + end + "<Name><![CDATA[",
			"]]></Name><AuthCorpId>" + strangerCorp + "</AuthCorpId><Name><![CDATA["},
		"cancel_auth, noise in text": {
			"<xml><InfoType>cancel_auth</InfoType>" + end + "<Alias>",
			"</Alias><AuthCorpId>" + strangerCorp + "</AuthCorpId><Name><![CDATA["},
		"cancel_auth, noise in State": {
			"<xml><InfoType>cancel_auth</InfoType><State>",
			"</State><AuthCorpId>" + strangerCorp + "</AuthCorpId>" + end + "<Name><![CDATA["},
		"cancel_auth, noise in SuiteTicket": {
			"<xml><InfoType>cancel_auth</InfoType><SuiteTicket>",
			"</SuiteTicket><AuthCorpId>" + strangerCorp + "</AuthCorpId>" + end + "<Name><![CDATA["},
		"cancel_auth, noise in a child": {
			"<xml><InfoType>cancel_auth</InfoType><A><B>",
			"</B></A><AuthCorpId>" + strangerCorp + "</AuthCorpId>" + end + "<Name><![CDATA["},
		"cancel_auth, noise in a comment": {
			"<xml><InfoType>cancel_auth</InfoType><!-- ",
			" --><AuthCorpId>" + strangerCorp + "</AuthCorpId>" + end + "<Name><![CDATA["},
		"cancel_auth, its kind behind the noise": {
			"<xml><AuthCorpId>" + strangerCorp + "</AuthCorpId>" + end + "<Name><![CDATA[",
			"]]></Name><InfoType>cancel_auth</InfoType><Name><![CDATA["},
		"cancel_auth in other cases": {
			"<xml><INFOTYPE>cancel_auth</INFOTYPE>" + end + "<Name><![CDATA[",
			"]]></Name><authcorpid>" + strangerCorp + "</authcorpid><Name><![CDATA["},
		"cancel_auth, blanks around its kind": {
			"<xml><InfoType> cancel_auth\n</InfoType>" + end + "<Name><![CDATA[",
			"]]></Name><AuthCorpId>" + strangerCorp + "</AuthCorpId><Name><![CDATA["},
		"suite_ticket": {
			"<xml><InfoType>suite_ticket</InfoType>" + end + "<Name><![CDATA[",
			"]]></Name><SuiteId>" + testSuiteID + "</SuiteId><SuiteTicket>forged</SuiteTicket><Name><![CDATA["},
		"suite_ticket, noise as ticket": {
			"<xml><InfoType>suite_ticket</InfoType>" + end + "<SuiteTicket>",
			"</SuiteTicket><SuiteId>" + testSuiteID + "</SuiteId><Name><![CDATA["},
		"create_auth": {
			"<xml><InfoType>create_auth</InfoType>" + end + "<Name><![CDATA[",
			"]]></Name><AuthCode>forged-code</AuthCode><Name><![CDATA["},
		"change_auth": {
			"<xml><InfoType>change_auth</InfoType>" + end + "<Name><![CDATA[",
			"]]></Name><AuthCorpId>" + strangerCorp + "</AuthCorpId><Name><![CDATA["},
		"reset_permanent_code": {
			"<xml><InfoType>reset_permanent_code</InfoType><Name><![CDATA[",
			"]]></Name><AuthCode>forged-code</AuthCode>" + end + "<Name><![CDATA["},
		"cancel_auth in JSON": {
			`{"InfoType":"cancel_auth","TimeStamp":1700000001,"Name":"`,
			`","AuthCorpId":"` + strangerCorp + `","Name":"`},
		"suite_ticket in JSON": {
			`{"InfoType":"suite_ticket","TimeStamp":1700000001,"Name":"`,
			`","SuiteId":"` + testSuiteID + `","SuiteTicket":"forged","Name":"`},
	}
	for name, pieces := range forgeries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := chance(30)
			s := newSpliced(t)
			for shift := range blockSize {
				for range 10 {
					for _, extra := range []bool{false, true} {
						if strings.HasPrefix(pieces[0], "{") {
							s.try(joined{pieces, jsonTail(shift), extra}.build(t, from, shift))
							continue
						}
						s.try(joined{pieces, nameTail(shift), extra}.build(t, from, shift))
						state := []string{pieces[0], strings.TrimSuffix(pieces[1], "<Name><![CDATA[") + "<State><![CDATA["}
						s.try(joined{state, codeTail(shift), extra}.build(t, from, shift))
					}
				}
			}
			require.Empty(t, s.ran, "forged")
			require.NoError(t, s.ticketErr())
			require.Zero(t, s.accepted, "noise is readable")
		})
	}
}

// spliced is a Server that is sent what was spliced.
type spliced struct {
	*fixture
	tried, accepted int
	ran             []string // handlers of the events of authorisation, and what they got
	last            *openwork.Message
	statuses        map[int]int
}

func newSpliced(t *testing.T, more ...func(*openwork.Config)) *spliced {
	s := &spliced{fixture: newFixture(t, append(more, func(cfg *openwork.Config) { cfg.NoDedupe, cfg.Logger = true, silent })...), statuses: map[int]int{}}
	for _, handle := range []func(openwork.Handler){
		s.HandleSuiteTicketRefreshed, s.HandleAuthCreated, s.HandleAuthChanged, s.HandleAuthCancelled, s.HandleResetPermanentCode,
	} {
		handle(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			s.ran = append(s.ran, string(msg.Raw()))
			return next(msg)
		})
	}
	s.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		s.last = msg
		return next(msg)
	})
	return s
}

// try sends a ciphertext, and returns the message if a handler got one.
func (s *spliced) try(ciphertext []byte) (status int, msg *openwork.Message) {
	s.t.Helper()
	s.tried++
	s.last = nil
	status = s.do(xmlPush.request(ciphertext)).Code
	s.statuses[status]++
	require.Contains(s.t, []int{http.StatusOK, http.StatusBadRequest, http.StatusForbidden}, status)
	if status == http.StatusOK {
		s.accepted++
	}
	return status, s.last
}

// ticketErr is nil as long as no ticket was stored.
func (s *spliced) ticketErr() error {
	if ticket, err := s.Tickets().Ticket(s.t.Context(), testSuiteID); err == nil {
		return fmt.Errorf("a ticket of %d bytes was stored", len(ticket.Value))
	}
	return nil
}

// A block of a captured ticket stands inside a name. With one bit pattern added
// to one of its bytes it becomes a bracket if the guess is right, and then the
// push cannot be read; if the noise around it can, that tells. 4 951 requests
// read a whole ticket so.
func TestO13_TicketReadByReadability(t *testing.T) {
	t.Parallel()
	const (
		triesPerAlignment = 3
		commandHead       = "<xml><InfoType>change_contact</InfoType><AuthCorpId>" + testCorp + "</AuthCorpId>" +
			"<ChangeType>update_user</ChangeType><TimeStamp>1700000000</TimeStamp>"
		messageHead = "<xml><ToUserName>" + testCorp + "</ToUserName><FromUserName>zhangsan</FromUserName>" +
			"<MsgType>text</MsgType><CreateTime>1700000000</CreateTime>"
	)
	for name, row := range map[string]struct {
		carrier             string // of the data URL or the command URL
		open, close, breaks string
	}{
		"a bracket in text":      {commandHead, "<Name>", "</Name><Name><![CDATA[", "<"},
		"an ampersand in text":   {commandHead, "<Alias>", "</Alias><Name><![CDATA[", "&"},
		"a control character":    {commandHead, "<Name><![CDATA[", "]]></Name><Name><![CDATA[", "\x00"},
		"a byte of no UTF-8":     {commandHead, "<Name><![CDATA[", "]]></Name><Name><![CDATA[", "\xff"},
		"in the field of a code": {commandHead, "<AuthCode><![CDATA[", "]]></AuthCode><Name><![CDATA[", "\x01"},
		"a bracket in a message": {messageHead, "<Content>", "</Content><EventKey><![CDATA[", "<"},
		"a control in a message": {messageHead, "<Content>", "</Content><EventKey><![CDATA[", "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := chance(31)
			s := newSpliced(t)
			ticket := strings.Repeat("tickeT-0123_Value", 4)
			secret := capture(from, ticketXML(testSuiteID, ticket, testNow), testSuiteID)
			block := secret.at(ticket) + 1
			position := 7
			right := secret.plain[block*blockSize+position]

			readable := map[byte]int{}
			for shift := range blockSize {
				if isBrief() && shift%4 != 0 {
					continue
				}
				for _, guess := range guesses(right) {
					for range triesPerAlignment {
						made := spliceTarget(t, from, shift, row.carrier+row.open, row.close, secret, block, position, guess^row.breaks[0])
						if status, _ := s.try(made); status == http.StatusOK {
							readable[guess]++
						}
					}
				}
			}
			require.Len(t, s.statuses, 1, "what can be read and what cannot are told apart: %v, right is %q", readable, right)
			require.Zero(t, s.accepted, "noise is readable")
			require.Empty(t, s.ran)
			require.NoError(t, s.ticketErr())
		})
	}
}

// spliceTarget is a push of the outsider's own corp with a block of another
// push inside a value, whose byte at a position is changed.
func spliceTarget(t *testing.T, from *rand.ChaCha8, shift int, open, close string, secret captured, block, position int, change byte) []byte {
	t.Helper()
	take := longName
	if strings.Contains(open, "ToUserName") {
		take = longKey
	}
	first := filled(open, 12)
	c, at := take(from, shift, "0123"+first)
	tail, tailAt := take(from, shift, close+"end")
	target := secret.blocks(block-1, block+1)
	target[position] ^= change
	front := append(c.blocks(at+1, at+2+(len(first)-12)/blockSize), target...)
	if (1+len(front)/blockSize+tail.len()-tailAt)%2 != 0 {
		front = append(front, randomBytes(from, blockSize)...)
	}
	length := len(front) - 4 + 20 + tail.text - tailAt*blockSize
	made := append(c.opening(at+1, length, first[:12])[:blockSize], front...)
	made = append(made, tail.blocks(tailAt, tail.len())...)
	plain := refDecryptRaw(t, testKey, made)
	require.Equal(t, first, string(plain[20:20+len(first)]))
	require.Contains(t, []string{testSuiteID, testCorp}, string(plain[20+length:20+length+len(testSuiteID)]))
	return made
}

// Captured pushes of every kind, cut at a block and joined to one another
// where both are inside a value. What is taken after all is of the kind and
// the corp that it began with, and never an event of authorisation.
func TestO13_RejoinedPushes(t *testing.T) {
	t.Parallel()
	const perPair = 4
	from := chance(32)
	long := strings.Repeat("long-name.", 9)
	user := func(corp string, shift int) string {
		return strings.Replace(command("change_contact", "ChangeType", "update_user", "UserID", "u"+strings.Repeat("u", shift),
			"Name", long, "Alias", long), testCorp, corp, 1)
	}
	s := newSpliced(t, allowOnly(testCorp))
	for shift := range blockSize {
		fill := strings.Repeat("f", shift)
		pool := []struct {
			text, receiveID, value, name, corp string
		}{
			{ticketXML(testSuiteID, fill+long, testNow), testSuiteID, long, "suite_ticket", ""},
			{command("create_auth", "AuthCode", fill+long), testSuiteID, long, "create_auth", testCorp},
			{command("cancel_auth", "State", fill+long), testSuiteID, long, "cancel_auth", testCorp},
			{command("reset_permanent_code", "AuthCode", fill+long), testSuiteID, long, "reset_permanent_code", testCorp},
			{user(testCorp, shift), testSuiteID, long, "change_contact.update_user", testCorp},
			{user(strangerCorp, shift), testSuiteID, long, "change_contact.update_user", strangerCorp},
			{textMessage(fill + long), testCorp, long, "message.text", testCorp},
			{dataEvent("click", "EventKey", fill+long), testCorp, long, "click", testCorp},
		}
		for i, head := range pool {
			for k, tail := range pool {
				for n := range perPair {
					h, l := capture(from, head.text, head.receiveID), capture(from, tail.text, tail.receiveID)
					cut, resume := h.at(head.value)+1+n%3, l.at(tail.value)+1+n%4
					front := h.blocks(1, cut)
					for range (cut + l.len() - resume + n%2*2) % 4 { // to an even number: none to two of them are pure noise
						front = append(front, randomBytes(from, blockSize)...)
					}
					if (1+len(front)/blockSize+l.len()-resume)%2 != 0 {
						front = append(front, randomBytes(from, blockSize)...)
					}
					length := len(front) - 4 + 20 + l.text - resume*blockSize
					made := append(h.relength(length)[:blockSize], front...)
					made = append(made, l.blocks(resume, l.len())...)
					plain := refDecryptRaw(t, testKey, made)
					require.Equal(t, tail.receiveID, string(plain[20+length:20+length+len(tail.receiveID)]))

					status, msg := s.try(made)
					if status == http.StatusOK {
						require.NotNil(t, msg)
						require.Equal(t, head.name, msg.Name(), "%d and %d", i, k)
						require.Equal(t, head.corp, msg.CorpID, "%d and %d", i, k)
					}
				}
			}
		}
	}
	require.Empty(t, s.ran)
	require.NoError(t, s.ticketErr())
	require.Greater(t, s.tried, 4000)
	require.Less(t, s.accepted, s.tried/100, "noise is readable")
	t.Log(strconv.Itoa(s.accepted) + " of " + strconv.Itoa(s.tried) + " could be read")
}
