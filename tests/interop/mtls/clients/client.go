// Go's net/http. README.md here says what is read and written.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"time"
)

type try struct {
	url, ca, certificate, key, version, header, form string
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := attempt(lines.Text()); err != nil {
			fmt.Printf("failed\t%s\n", oneLine(err.Error()))
		}
		fmt.Println()
	}
}

func attempt(line string) error {
	fields := strings.Split(line, "\t")
	if len(fields) != 7 {
		return errors.New("a try has seven fields")
	}
	t := try{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6]}
	config, err := t.config()
	if err != nil {
		return err
	}
	if err := t.printAuthorities(config); err != nil {
		return err
	}
	transport := &http.Transport{TLSClientConfig: config}
	client := &http.Client{Transport: transport, Timeout: 60 * time.Second}
	if err := t.post(client, "first"); err != nil {
		return err
	}
	if err := t.post(client, "again"); err != nil {
		return err
	}
	// The sessions stay with the configuration.
	transport.CloseIdleConnections()
	return t.post(client, "resumed")
}

func (t try) config() (*tls.Config, error) {
	authority, err := os.ReadFile(t.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("there is no authority in " + t.ca)
	}
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[t.version]
	config := &tls.Config{
		RootCAs: roots, MinVersion: version, MaxVersion: version,
		ClientSessionCache: tls.NewLRUClientSessionCache(8),
	}
	if t.certificate != "-" {
		certificate, err := tls.LoadX509KeyPair(t.certificate, t.key)
		if err != nil {
			return nil, err
		}
		// Go itself decides whether it is shown, by the authorities that the server names.
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// How many authorities the server names, which only a callback can see; so it takes a connection of its own.
func (t try) printAuthorities(config *tls.Config) error {
	where, err := url.Parse(t.url)
	if err != nil {
		return err
	}
	looking := config.Clone()
	looking.ServerName = where.Hostname()
	// On a resumed session nothing would be asked.
	looking.ClientSessionCache = nil
	named := -1
	looking.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		named = len(asked.AcceptableCAs)
		return &tls.Certificate{}, nil
	}
	connection, err := tls.Dial("tcp", where.Host, looking)
	if err != nil {
		return err
	}
	fmt.Printf("authorities\t%d\n", named)
	return connection.Close()
}

func (t try) post(client *http.Client, label string) error {
	request, err := http.NewRequest(http.MethodPost, t.url, strings.NewReader(t.form))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if name, value, found := strings.Cut(t.header, ": "); found {
		request.Header.Set(name, value)
	}
	reused := false
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) { reused = got.Reused },
	}))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return err
	}
	if (label == "again" && !reused) || (label == "resumed" && !response.TLS.DidResume) {
		label = "not-" + label
	}
	version := map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"}[response.TLS.Version]
	fmt.Printf("%s\t%d\t%s\t%s\n", label, response.StatusCode, version, oneLine(string(body)))
	return nil
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
