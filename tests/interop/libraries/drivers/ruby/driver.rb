# The driver of ruby-oauth2. ../README.md says what is read and written.

require 'base64'
require 'digest'
require 'json'
require 'oauth2'
require 'openssl'
require 'securerandom'
require 'uri'

$stdout.sync = true

def read
  line = $stdin.gets
  line && JSON.parse(line)
end

def write(word)
  puts JSON.generate(word)
end

SCHEMES = { 'client_secret_basic' => :basic_auth, 'client_secret_post' => :request_body }.freeze

def attempt(setup, try)
  ssl = { ca_file: setup['ca'] }
  if try['certificate']
    ssl[:client_cert] = OpenSSL::X509::Certificate.new(File.read(try['certificate']))
    ssl[:client_key] = OpenSSL::PKey.read(File.read(try['certificate_key']))
  end
  # The secret must be a string.
  client = OAuth2::Client.new(
    try['client_id'], try['client_secret'] || '',
    site: setup['issuer'], authorize_url: setup['authorization_endpoint'], token_url: setup['token_endpoint'],
    auth_scheme: SCHEMES.fetch(try['method'], :tls_client_auth), connection_opts: { ssl: ssl }
  )
  case try['grant']
  when 'client_credentials' then client.client_credentials.get_token.token
  when 'password' then client.password.get_token(setup['username'], setup['password'], scope: 'openid').token
  else
    verifier = SecureRandom.urlsafe_base64(32)
    challenge = Base64.urlsafe_encode64(Digest::SHA256.digest(verifier), padding: false)
    state = SecureRandom.hex
    write(visit: client.auth_code.authorize_url(
      redirect_uri: setup['redirect_uri'], scope: 'openid', state: state, code_challenge: challenge,
      code_challenge_method: 'S256'
    ))
    came = URI.decode_www_form(URI(read['redirected']).query).to_h
    raise 'another state' unless came['state'] == state

    token = client.auth_code.get_token(came['code'], redirect_uri: setup['redirect_uri'], code_verifier: verifier)
    token.refresh!.token
  end
end

setup = read
while (try = read)
  begin
    write(access_token: attempt(setup, try))
  rescue OAuth2::Error => e
    write(e.code ? { error: e.code } : { failed: e.message })
  rescue StandardError => e
    write(failed: "#{e.class}: #{e.message}")
  end
end
