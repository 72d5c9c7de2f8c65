# Doorkeeper in a Rails application of one file: an authorization server for clients alone, and an API that takes its tokens.
#
# Arguments: the folder that it keeps its database in, its port, and "reuse" if it is to hand out a token again for as long as
# it is valid.
#
# Rails takes seconds to start. So it is loaded once, and the server itself is a child that is forked for the command "start"
# and killed for "stop", each a line of the input; "start" is followed by the lifetime of tokens in seconds. All of it ends with the input.
$stdout.sync = true

require 'json'
require 'logger'

require 'rails'
require 'active_record/railtie'
require 'action_controller/railtie'
require 'doorkeeper'
require 'puma'
require 'rack/handler/puma'

FOLDER, PORT, REUSE = ARGV
ENV['RAILS_ENV'] = 'production'
ENV['DATABASE_URL'] = "sqlite3:#{FOLDER}/doorkeeper.db?pool=20&timeout=5000"

# Every token request leaves a byte here, before it gets its response.
REQUESTS = File.open(File.join(FOLDER, 'requests'), 'a')
REQUESTS.sync = true

class App < Rails::Application
  config.root = FOLDER
  config.eager_load = false
  config.consider_all_requests_local = false
  config.secret_key_base = 'sessions are not used'
  config.log_level = :error
  config.logger = Logger.new($stderr)
  config.hosts.clear
end

Doorkeeper.configure do
  orm :active_record
  resource_owner_authenticator { nil }
  grant_flows %w[client_credentials]
  custom_access_token_expires_in { $lifetime }
  default_scopes 'read'
  allow_blank_redirect_uri true
  reuse_access_token if REUSE == 'reuse'
end

class StockController < ActionController::API
  before_action :doorkeeper_authorize!

  def show
    render json: { ok: true }
  end
end

# What the test asks of the server, past the protocol.
class ControlController < ActionController::API
  def client
    application = Doorkeeper::Application.find_or_initialize_by(uid: params[:id])
    application.update!(name: params[:id], secret: params[:secret])
    head :no_content
  end

  def revoke
    Doorkeeper::Application.find_each { |a| Doorkeeper::AccessToken.revoke_all_for(a.id, nil) }
    head :no_content
  end

  def forget
    Doorkeeper::AccessToken.delete_all
    head :no_content
  end
end

class Counter
  def initialize(app)
    @app = app
  end

  def call(env)
    REQUESTS.write('.') if env['REQUEST_METHOD'] == 'POST' && env['PATH_INFO'] == '/oauth/token'
    @app.call(env)
  end
end

App.config.middleware.insert_before 0, Counter
App.initialize!

unless ActiveRecord::Base.connection.table_exists?(:oauth_applications)
  ActiveRecord::Schema.define do
    create_table :oauth_applications do |t|
      t.string :name, :uid, :secret, null: false
      t.text :redirect_uri
      t.string :scopes, null: false, default: ''
      t.boolean :confidential, null: false, default: true
      t.timestamps null: false
    end
    create_table :oauth_access_tokens do |t|
      t.references :resource_owner, :application
      t.string :token, null: false
      t.string :refresh_token, :scopes
      t.integer :expires_in
      t.datetime :revoked_at, precision: 6
      t.datetime :created_at, null: false, precision: 6
      t.string :previous_refresh_token, null: false, default: ''
    end
    add_index :oauth_access_tokens, :token, unique: true
  end
end

App.routes.draw do
  use_doorkeeper { skip_controllers :applications, :authorized_applications, :authorizations }
  get '/api', to: 'stock#show'
  post '/control/:action', controller: 'control'
end

# serve is the child: it ends when the other end of the pipe is closed.
def serve(parent)
  Thread.new do
    parent.read
    Process.kill(:KILL, Process.pid)
  end
  Rack::Handler::Puma.run(App, Host: '127.0.0.1', Port: PORT.to_i, Threads: '4:16', Silent: true) do |launcher|
    launcher.events.on_booted { puts 'started' }
  end
end

ActiveRecord::Base.clear_all_connections!
child = writer = nil
$stdin.each_line do |command|
  order, argument = command.split
  case order
  when 'start'
    $lifetime = argument.to_i
    reader, writer = IO.pipe
    child = fork do
      writer.close
      serve(reader)
    end
    reader.close
  when 'stop'
    Process.kill(:KILL, child)
    Process.wait(child)
    writer&.close
    puts 'stopped'
  end
end
