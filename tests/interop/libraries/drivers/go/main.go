// The driver of golang.org/x/oauth2. ../README.md says what is read and written.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type word map[string]string

var input = bufio.NewReader(os.Stdin)

func main() {
	setup := read()
	for number := 0; ; number++ {
		try := read()
		if try == nil {
			return
		}
		token, err := attempt(setup, try, number)
		var refused *oauth2.RetrieveError
		var answer struct{ Error string }
		switch {
		case err == nil:
			write(word{"access_token": token})
		case errors.As(err, &refused) && json.Unmarshal(refused.Body, &answer) == nil:
			write(word{"error": answer.Error})
		default:
			write(word{"failed": err.Error()})
		}
	}
}

func attempt(setup, try word, number int) (string, error) {
	authorities, err := os.ReadFile(setup["ca"])
	if err != nil {
		return "", err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authorities)
	if try["certificate"] != "" {
		pair, err := tls.LoadX509KeyPair(try["certificate"], try["certificate_key"])
		if err != nil {
			return "", err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, client)

	style := oauth2.AuthStyleInParams
	switch {
	case try["probe"] != "":
		style = oauth2.AuthStyleAutoDetect
	case try["method"] == "client_secret_basic":
		style = oauth2.AuthStyleInHeader
	}
	// It remembers what it found out by the URL; a fragment makes each try a new one.
	endpoint := oauth2.Endpoint{
		AuthURL: setup["authorization_endpoint"], TokenURL: fmt.Sprintf("%s#%d", setup["token_endpoint"], number),
		AuthStyle: style,
	}
	if try["grant"] == "client_credentials" {
		credentials := clientcredentials.Config{
			ClientID: try["client_id"], ClientSecret: try["client_secret"], TokenURL: endpoint.TokenURL, AuthStyle: style,
		}
		return accessToken(credentials.Token(ctx))
	}
	server := oauth2.Config{
		ClientID: try["client_id"], ClientSecret: try["client_secret"], Endpoint: endpoint,
		RedirectURL: setup["redirect_uri"], Scopes: []string{"openid"},
	}
	if try["grant"] == "password" {
		return accessToken(server.PasswordCredentialsToken(ctx, setup["username"], setup["password"]))
	}
	verifier, state := random(), random()
	digest := sha256.Sum256([]byte(verifier))
	write(word{"visit": server.AuthCodeURL(state,
		oauth2.SetAuthURLParam("code_challenge", base64.RawURLEncoding.EncodeToString(digest[:])),
		oauth2.SetAuthURLParam("code_challenge_method", "S256"))})
	came, err := url.Parse(read()["redirected"])
	if err != nil || came.Query().Get("state") != state {
		return "", fmt.Errorf("another state: %v", err)
	}
	token, err := server.Exchange(ctx, came.Query().Get("code"), oauth2.SetAuthURLParam("code_verifier", verifier))
	if err != nil {
		return "", err
	}
	return accessToken(server.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token())
}

func accessToken(token *oauth2.Token, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return token.AccessToken, nil
}

func random() string {
	octets := make([]byte, 32)
	if _, err := rand.Read(octets); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(octets)
}

func read() word {
	line, err := input.ReadBytes('\n')
	if err != nil {
		return nil
	}
	// Members that are no text are of no interest here.
	var members map[string]any
	if err := json.Unmarshal(line, &members); err != nil {
		panic(err)
	}
	read := word{}
	for name, value := range members {
		if text, ok := value.(string); ok {
			read[name] = text
		}
	}
	return read
}

func write(said word) {
	line, err := json.Marshal(said)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
