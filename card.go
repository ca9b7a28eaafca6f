package openwork

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
)

// The types of template cards.
const (
	CardTextNotice          = "text_notice"
	CardNewsNotice          = "news_notice"
	CardButtonInteraction   = "button_interaction"
	CardVoteInteraction     = "vote_interaction"
	CardMultipleInteraction = "multiple_interaction"
)

// noticeCards are the types that have no button.
var noticeCards = []string{CardTextNotice, CardNewsNotice}

// TemplateCard is a template card, of one of the five types. Which fields a type has, and how many items its lists may
// have, is said at the fields; UpdateTemplateCard checks it. See document/path/90377.
type TemplateCard struct {
	XMLName  xml.Name `xml:"TemplateCard"`
	CardType string   // one of the Card constants

	Source    *CardSource    `xml:",omitempty"` // all types: where the card is from
	MainTitle *CardTitle     `xml:",omitempty"` // all types; text_notice has its Title, or SubTitleText
	CardImage *CardImage     `xml:",omitempty"` // news_notice: this or ImageTextArea is required
	ImageText *CardImageText `xml:"ImageTextArea,omitempty"`
	Emphasis  *CardTitle     `xml:"EmphasisContent,omitempty"` // text_notice, news_notice
	Quote     *CardQuote     `xml:"QuoteArea,omitempty"`       // text_notice, news_notice, button_interaction
	SubTitle  string         `xml:"SubTitleText,omitempty"`    // text_notice, news_notice, button_interaction

	Horizontal []CardHorizontal `xml:"HorizontalContentList"` // text_notice, news_notice, button_interaction: at most 6
	Vertical   []CardTitle      `xml:"VerticalContentList"`   // news_notice: at most 4
	Jumps      []CardJump       `xml:"JumpList"`              // text_notice, news_notice, button_interaction: at most 3
	Action     *CardAction      `xml:"CardAction,omitempty"`  // required by text_notice and news_notice; button_interaction
	Menu       *CardMenu        `xml:"ActionMenu,omitempty"`  // text_notice, news_notice, button_interaction

	ButtonSelection *CardSelect  `xml:",omitempty"`             // button_interaction
	Buttons         []CardButton `xml:"ButtonList"`             // button_interaction: 1 to 6
	CheckBox        *CardCheck   `xml:",omitempty"`             // vote_interaction: required
	Selects         []CardSelect `xml:"SelectList"`             // multiple_interaction: at most 3
	Submit          *CardSubmit  `xml:"SubmitButton,omitempty"` // required by vote_interaction and multiple_interaction
	ReplaceText     string       `xml:",omitempty"`             // the three interactions: what the inert button says
}

// CardSource says where a card is from.
type CardSource struct {
	IconURL   string `xml:"IconUrl,omitempty"`
	Desc      string `xml:",omitempty"`
	DescColor int    // 0 grey, 1 black, 2 red, 3 green
}

// CardTitle is a title with a description.
type CardTitle struct {
	Title string `xml:",omitempty"`
	Desc  string `xml:",omitempty"`
}

// CardImage is the picture of a card.
type CardImage struct {
	URL         string  `xml:"Url"`
	AspectRatio float64 `xml:",omitempty"` // width to height, 1.3 to 2.25; 0: WeCom's 1.3
}

// CardImageText is a picture beside text. Its Type is 0 for no link, 1 for URL, 2 for a mini program, AppID.
type CardImageText struct {
	Type     int
	URL      string `xml:"Url,omitempty"`
	AppID    string `xml:"Appid,omitempty"`
	PagePath string `xml:",omitempty"`
	Title    string `xml:",omitempty"`
	Desc     string `xml:",omitempty"`
	ImageURL string `xml:"ImageUrl"`
}

// CardQuote is a quotation. Its Type is 0 for no link, 1 for URL, 2 for a mini program, AppID.
type CardQuote struct {
	Type      int
	URL       string `xml:"Url,omitempty"`
	AppID     string `xml:"Appid,omitempty"`
	PagePath  string `xml:",omitempty"`
	Title     string `xml:",omitempty"`
	QuoteText string `xml:",omitempty"`
}

// CardHorizontal is a name with a value. Its Type is 0 for text, 1 for URL, 2 for the file MediaID, 3 for the member UserID.
type CardHorizontal struct {
	KeyName string
	Value   string `xml:",omitempty"`
	Type    int
	URL     string `xml:"Url,omitempty"`
	MediaID string `xml:"MediaId,omitempty"`
	UserID  string `xml:"UserId,omitempty"`
}

// CardJump is a link below the card. Its Type is 0 for no link, 1 for URL, 2 for a mini program, AppID.
type CardJump struct {
	Type     int
	Title    string
	URL      string `xml:"Url,omitempty"`
	AppID    string `xml:"AppId,omitempty"`
	PagePath string `xml:",omitempty"`
}

// CardAction is what a click on the card does. Its Type is 0 for nothing, 1 for URL, 2 for a mini program, AppID.
type CardAction struct {
	Type     int
	URL      string `xml:"Url,omitempty"`
	AppID    string `xml:"AppId,omitempty"`
	PagePath string `xml:",omitempty"`
}

// CardMenu is the menu in the card's corner.
type CardMenu struct {
	Desc    string       `xml:",omitempty"`
	Actions []CardChoice `xml:"ActionList"` // 1 to 10, each with a Key of its own
}

// CardChoice is an item of a CardMenu; Key, at most 1024 bytes, comes back in the event.
type CardChoice struct{ Text, Key string }

// CardButton is a button; Key, at most 1024 bytes, comes back in the event.
type CardButton struct {
	Text  string
	Style int `xml:",omitempty"` // 1 to 4; 0: WeCom's 1
	Key   string
}

// CardSelect is a list to choose from.
type CardSelect struct {
	QuestionKey string
	Title       string       `xml:",omitempty"`
	SelectedID  string       `xml:"SelectedId,omitempty"`
	Disable     bool         `xml:",omitempty"`
	Options     []CardOption `xml:"OptionList"` // 1 to 10
}

// CardOption is an item of a CardSelect; ID has at most 128 bytes.
type CardOption struct {
	ID   string `xml:"Id"`
	Text string
}

// CardCheck is a vote.
type CardCheck struct {
	QuestionKey string
	Options     []CardVote `xml:"OptionList"` // 1 to 20
	Disable     bool       `xml:",omitempty"`
	Mode        int        // 0: one answer, 1: several
}

// CardVote is an item of a CardCheck; ID has at most 128 bytes.
type CardVote struct {
	ID        string `xml:"Id"`
	Text      string
	IsChecked bool
}

// CardSubmit is the button that submits; Key, at most 1024 bytes, comes back in the event. WeCom has a Text of its own, 提交.
type CardSubmit struct {
	Text string `xml:",omitempty"`
	Key  string
}

// check returns an error that names the first field that WeCom would not take.
func (c *TemplateCard) check() error {
	notice := noticeCards
	described := slices.Concat(notice, []string{CardButtonInteraction})
	interactions := []string{CardButtonInteraction, CardVoteInteraction, CardMultipleInteraction}
	if !slices.Contains(slices.Concat(notice, interactions), c.CardType) {
		return fmt.Errorf("CardType %s is none of the five", show(c.CardType))
	}
	for _, f := range []struct {
		name     string
		count    int // of items; 1 for a field that is set
		most     int
		types    []string // that have the field
		required []string // that must have it
	}{
		{"CardImage", one(c.CardImage != nil), 1, []string{CardNewsNotice}, nil},
		{"ImageTextArea", one(c.ImageText != nil), 1, []string{CardNewsNotice}, nil},
		{"EmphasisContent", one(c.Emphasis != nil), 1, notice, nil},
		{"QuoteArea", one(c.Quote != nil), 1, described, nil},
		{"SubTitleText", one(c.SubTitle != ""), 1, described, nil},
		{"HorizontalContentList", len(c.Horizontal), 6, described, nil},
		{"VerticalContentList", len(c.Vertical), 4, []string{CardNewsNotice}, nil},
		{"JumpList", len(c.Jumps), 3, described, nil},
		{"CardAction", one(c.Action != nil), 1, described, notice},
		{"ActionMenu", one(c.Menu != nil), 1, described, nil},
		{"ButtonSelection", one(c.ButtonSelection != nil), 1, []string{CardButtonInteraction}, nil},
		{"ButtonList", len(c.Buttons), 6, []string{CardButtonInteraction}, []string{CardButtonInteraction}},
		{"CheckBox", one(c.CheckBox != nil), 1, []string{CardVoteInteraction}, []string{CardVoteInteraction}},
		{"SelectList", len(c.Selects), 3, []string{CardMultipleInteraction}, nil},
		{"SubmitButton", one(c.Submit != nil), 1, interactions[1:], interactions[1:]},
		{"ReplaceText", one(c.ReplaceText != ""), 1, interactions, nil},
	} {
		switch {
		case f.count > 0 && !slices.Contains(f.types, c.CardType):
			return fmt.Errorf("%s is not a field of %s", f.name, c.CardType)
		case f.count > f.most:
			return fmt.Errorf("%s has %d items, not up to %d", f.name, f.count, f.most)
		case f.count == 0 && slices.Contains(f.required, c.CardType):
			return fmt.Errorf("%s is required by %s", f.name, c.CardType)
		}
	}
	if c.CardType == CardNewsNotice && c.CardImage == nil && c.ImageText == nil {
		return fmt.Errorf("CardImage or ImageTextArea is required by %s", c.CardType)
	}
	if c.CardType == CardTextNotice && c.SubTitle == "" && (c.MainTitle == nil || c.MainTitle.Title == "") {
		return fmt.Errorf("MainTitle.Title or SubTitleText is required by %s", c.CardType)
	}
	return c.checkValues()
}

func one(isSet bool) int {
	if isSet {
		return 1
	}
	return 0
}

// cardCheck collects the first violation.
type cardCheck struct{ err error }

func (k *cardCheck) within(field string, value, least, most int) {
	if k.err == nil && (value < least || value > most) {
		k.err = fmt.Errorf("%s is %d, not %d to %d", field, value, least, most)
	}
}

func (k *cardCheck) items(field string, count, most int) {
	if k.err == nil && (count < 1 || count > most) {
		k.err = fmt.Errorf("%s has %d items, not 1 to %d", field, count, most)
	}
}

func (k *cardCheck) text(field, value string, most int) {
	switch {
	case k.err != nil:
	case value == "":
		k.err = fmt.Errorf("%s is empty", field)
	case len(value) > most:
		k.err = fmt.Errorf("%s has %d bytes, not up to %d", field, len(value), most)
	}
}

// link checks what a click leads to.
func (k *cardCheck) link(field string, kind int, url, appID string) {
	k.within(field+".Type", kind, 0, 2)
	k.needs(field, kind, 1, "Url", url)
	k.needs(field, kind, 2, "AppId", appID)
}

// needs checks that a field of one Type has what that needs.
func (k *cardCheck) needs(field string, kind, ofKind int, name, value string) {
	if k.err == nil && kind == ofKind && value == "" {
		k.err = fmt.Errorf("%s.%s is empty with Type %d", field, name, kind)
	}
}

// checkValues looks into the fields that are set.
func (c *TemplateCard) checkValues() error {
	const keyMost, idMost, anyMost = 1024, 128, 1 << 20
	var k cardCheck
	if c.Source != nil {
		k.within("Source.DescColor", c.Source.DescColor, 0, 3)
	}
	if c.CardImage != nil {
		k.text("CardImage.Url", c.CardImage.URL, anyMost)
		if ratio := c.CardImage.AspectRatio; k.err == nil && ratio != 0 && !(ratio >= 1.3 && ratio <= 2.25) {
			k.err = fmt.Errorf("CardImage.AspectRatio is %v, not 1.3 to 2.25", ratio)
		}
	}
	if c.ImageText != nil {
		k.link("ImageTextArea", c.ImageText.Type, c.ImageText.URL, c.ImageText.AppID)
		k.text("ImageTextArea.ImageUrl", c.ImageText.ImageURL, anyMost)
	}
	if c.Quote != nil {
		k.link("QuoteArea", c.Quote.Type, c.Quote.URL, c.Quote.AppID)
	}
	for _, h := range c.Horizontal {
		k.text("HorizontalContentList.KeyName", h.KeyName, anyMost)
		k.within("HorizontalContentList.Type", h.Type, 0, 3)
		k.needs("HorizontalContentList", h.Type, 1, "Url", h.URL)
		k.needs("HorizontalContentList", h.Type, 2, "MediaId", h.MediaID)
		k.needs("HorizontalContentList", h.Type, 3, "UserId", h.UserID)
	}
	for _, v := range c.Vertical {
		k.text("VerticalContentList.Title", v.Title, anyMost)
	}
	for _, j := range c.Jumps {
		k.text("JumpList.Title", j.Title, anyMost)
		k.link("JumpList", j.Type, j.URL, j.AppID)
	}
	if c.Action != nil {
		k.link("CardAction", c.Action.Type, c.Action.URL, c.Action.AppID)
	}
	if c.Menu != nil {
		k.items("ActionMenu.ActionList", len(c.Menu.Actions), 10)
		keys := map[string]bool{}
		for _, a := range c.Menu.Actions {
			k.text("ActionList.Text", a.Text, anyMost)
			k.text("ActionList.Key", a.Key, keyMost)
			if k.err == nil && keys[a.Key] {
				k.err = errors.New("ActionList.Key is there twice")
			}
			keys[a.Key] = true
		}
	}
	selects := c.Selects
	if c.ButtonSelection != nil {
		selects = append(selects[:len(selects):len(selects)], *c.ButtonSelection)
	}
	for _, s := range selects {
		k.text("QuestionKey", s.QuestionKey, keyMost)
		k.items("OptionList", len(s.Options), 10)
		for _, o := range s.Options {
			k.text("OptionList.Id", o.ID, idMost)
			k.text("OptionList.Text", o.Text, anyMost)
		}
	}
	for _, b := range c.Buttons {
		k.text("ButtonList.Text", b.Text, anyMost)
		k.text("ButtonList.Key", b.Key, keyMost)
		k.within("ButtonList.Style", b.Style, 0, 4)
	}
	if c.CheckBox != nil {
		k.text("CheckBox.QuestionKey", c.CheckBox.QuestionKey, keyMost)
		k.within("CheckBox.Mode", c.CheckBox.Mode, 0, 1)
		k.items("CheckBox.OptionList", len(c.CheckBox.Options), 20)
		for _, o := range c.CheckBox.Options {
			k.text("OptionList.Id", o.ID, idMost)
			k.text("OptionList.Text", o.Text, anyMost)
		}
	}
	if c.Submit != nil {
		k.text("SubmitButton.Key", c.Submit.Key, keyMost)
	}
	return k.err
}
